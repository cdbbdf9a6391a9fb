import type { Command } from 'commander'
import { addCommand, asking, type CommandLine, type CommonFlags } from './command-line.ts'
import { parseAmountOrDefault, parseSwitch } from './option-values.ts'

interface SetFlags extends CommonFlags {
  readonly clientPublish?: boolean | null
  readonly presence?: boolean | null
  readonly historySize?: number | null
  readonly historyTtl?: number | null
}

/** `xshathra namespace …`: what a project changes of a namespace. */
export const addNamespaceCommands = (program: Command, line: CommandLine): void => {
  const namespace = program.command('namespace').description("see and change a project's rules of a namespace")

  addCommand(namespace, 'get <projectId> <namespace>', 'show what is set and what is in force').action(
    asking(line, (projectId: string, name: string, _flags: CommonFlags) => {
      return { action: 'namespace.get', input: { projectId, namespace: name } }
    }),
  )

  addCommand(namespace, 'set <projectId> <namespace>', 'change rules; "default" goes back to the deployment\'s')
    .option('--client-publish <on|off|default>', 'whether subscribers may publish', parseSwitch)
    .option('--presence <on|off|default>', 'whether presence is kept', parseSwitch)
    .option('--history-size <count>', 'how many publications are kept, or default', parseAmountOrDefault)
    .option('--history-ttl <seconds>', 'how long they are kept, or default', parseAmountOrDefault)
    .action(
      asking(line, (projectId: string, name: string, flags: SetFlags) => {
        const { clientPublish, presence, historySize, historyTtl: historyTtlSeconds } = flags
        const changes = { clientPublish, presence, historySize, historyTtlSeconds }
        return { action: 'namespace.set', input: { projectId, namespace: name, changes } }
      }),
    )

  for (const [verb, locked, description] of [
    ['lock', true, 'demand a subscription token for every channel of the namespace'],
    ['unlock', false, 'take the lock away'],
  ] as const) {
    addCommand(namespace, `${verb} <projectId> <namespace>`, description).action(
      asking(line, (projectId: string, name: string, _flags: CommonFlags) => {
        return { action: 'namespace.set', input: { projectId, namespace: name, changes: { locked } } }
      }),
    )
  }
}
