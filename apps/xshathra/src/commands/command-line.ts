import type { ControlActionName } from '@xshathra/server'
import type { Command } from 'commander'
import { askServer } from '../ask-server.ts'
import { renderValue } from '../render-value.ts'
import { readSettings, type SettingFlags, type Settings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

/** What commands share: where they print, and how they end. */
export interface CommandLine {
  readonly terminal: Terminal
  /** Told the exit code of the command that ran. */
  readonly onExit: (code: number) => void
}

/** Options that every command has. */
export interface CommonFlags {
  readonly json?: boolean
  readonly dataDir?: string
}

/** A command with the options that all of them have. */
export const addCommand = (parent: Command, signature: string, description: string): Command =>
  parent
    .command(signature)
    .description(description)
    .option('--json', 'answer in JSON, for scripts')
    .option('--data-dir <directory>', "the server's data directory; XSHATHRA_DATA_DIR says it too")

/** One question to the server, and what to say of its answer to people. */
export interface Question {
  readonly action: ControlActionName
  readonly input: unknown
  /** Lines for people; absent: the answer, field by field. */
  readonly say?: ((answer: unknown) => readonly string[]) | undefined
}

/** What commander calls when a command was given: it asks the server the question that the arguments make. */
export const asking =
  <Args extends readonly string[], Flags extends CommonFlags>(
    line: CommandLine,
    toQuestion: (...args: [...Args, Flags]) => Question,
  ) =>
  async (...given: unknown[]): Promise<void> => {
    // Behind arguments and flags stands the command itself.
    const args = given.slice(0, -1) as [...Args, Flags]
    line.onExit(await ask(line, args.at(-1) as Flags, toQuestion(...args)))
  }

export const settingsOf = ({ terminal }: CommandLine, { dataDir }: CommonFlags): Settings | undefined => {
  const flags: SettingFlags = dataDir === undefined ? {} : { XSHATHRA_DATA_DIR: { flag: '--data-dir', text: dataDir } }
  return readSettings(terminal, flags)
}

/** Asks the server and prints its answer. Gives the exit code: 1 for a problem. */
export const ask = async (
  line: CommandLine,
  flags: CommonFlags,
  { action, input, say = renderValue }: Question,
): Promise<number> => {
  const { terminal } = line
  const settings = settingsOf(line, flags)
  if (settings === undefined) return 1
  const outcome = await askServer(settings, terminal, action, input)
  if (!outcome.ok) return fail(line, flags, outcome.problem)
  if (flags.json) terminal.print(JSON.stringify(outcome.value))
  else for (const text of say(outcome.value)) terminal.print(text)
  return 0
}

/** Tells people or a script what went wrong. Gives the exit code. */
export const fail = (
  { terminal }: CommandLine,
  { json }: CommonFlags,
  { code, message }: { readonly code: string; readonly message: string },
): number => {
  if (json) terminal.print(JSON.stringify({ error: { code, message } }))
  else terminal.complain(message)
  return 1
}
