import { renderConfigReference } from '@xshathra/server'
import type { Command } from 'commander'
import { renderValue } from '../render-value.ts'
import { complainOfWarnings } from '../settings.ts'
import { addCommand, type CommandLine, type CommonFlags, settingsOf } from './command-line.ts'

interface ConfigFlags extends CommonFlags {
  readonly reference?: boolean
}

/** `xshathra config`: the values in force, who set each, and secrets masked. */
export const addConfigCommand = (program: Command, line: CommandLine): void => {
  addCommand(program, 'config', 'show the values in force and who set them, or everything that is wrong')
    .option('--reference', 'print what each variable means, as the page docs/reference/config.md')
    .action((flags: ConfigFlags) => line.onExit(flags.reference ? printReference(line) : runConfig(line, flags)))
}

const printReference = ({ terminal }: CommandLine): number => {
  terminal.print(renderConfigReference().trimEnd())
  return 0
}

const runConfig = (line: CommandLine, flags: CommonFlags): number => {
  const { terminal } = line
  const settings = settingsOf(line, flags)
  if (settings === undefined) return 1
  complainOfWarnings(settings, terminal)
  const namespaces = [...settings.engineConfig.namespaces.namespaces.keys()]
  if (flags.json) {
    const values = settings.values.map(({ name, text, origin }) => ({ name, value: text ?? null, origin }))
    terminal.print(JSON.stringify({ values, namespaces, warnings: settings.warnings }))
    return 0
  }
  const rows = settings.values.map(({ name, text, origin }) => ({ variable: name, value: text, from: origin }))
  for (const row of renderValue(rows)) terminal.print(row)
  terminal.print('')
  terminal.print(`namespaces of ${settings.config.engineConfig}: ${namespaces.join(', ')}`)
  return 0
}
