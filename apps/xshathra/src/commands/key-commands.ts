import type { Command } from 'commander'
import { addCommand, asking, type CommandLine, type CommonFlags } from './command-line.ts'
import { parseAmount } from './option-values.ts'

interface RotateFlags extends CommonFlags {
  readonly overlap: number
  readonly client?: boolean
}

/** `xshathra key …`. */
export const addKeyCommands = (program: Command, line: CommandLine): void => {
  const key = program.command('key').description('list, rotate and revoke the keys of a project')

  addCommand(key, 'list <projectId>', 'list keys: their beginnings, uses and ends').action(
    asking(line, (projectId: string, _flags: CommonFlags) => ({ action: 'key.list', input: { projectId } })),
  )

  addCommand(key, 'rotate <projectId>', 'make a new key and show it, this once')
    .option('--overlap <seconds>', 'how long the old one stays valid; 0 ends it at once', parseAmount, 0)
    .option('--client', 'the public client key in place of the server key')
    .action(
      asking(line, (projectId: string, { overlap, client }: RotateFlags) => {
        const rotation = { kind: client ? 'client' : 'server', overlapSeconds: overlap }
        return { action: 'key.rotate', input: { projectId, rotation } }
      }),
    )

  addCommand(key, 'revoke <projectId> <keyId>', 'end a key at once, and the connections it admitted').action(
    asking(line, (projectId: string, keyId: string, _flags: CommonFlags) => {
      return { action: 'key.revoke', input: { projectId, keyId } }
    }),
  )
}
