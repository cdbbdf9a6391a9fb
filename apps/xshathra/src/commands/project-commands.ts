import { type Command, Option } from 'commander'
import { renderValue } from '../render-value.ts'
import { addCommand, asking, type CommandLine, type CommonFlags } from './command-line.ts'
import { collect, collectAmounts } from './option-values.ts'

interface CreateFlags extends CommonFlags {
  readonly env: string
  readonly lock: readonly string[]
}

interface SetFlags extends CommonFlags {
  readonly name?: string
  readonly env?: string
  readonly anonymous?: boolean
  readonly origin?: readonly string[]
  readonly quota?: Readonly<Record<string, number | null>>
}

const environment = () =>
  new Option('--env <environment>', 'what it is used for').choices(['development', 'staging', 'production'])

/** `xshathra project …`. */
export const addProjectCommands = (program: Command, line: CommandLine): void => {
  const project = program.command('project').description('make, list and change projects')

  addCommand(project, 'create <name>', 'make a project and show its keys, this once')
    .addOption(environment().default('development'))
    .option('--lock <namespace>', 'demand a subscription token there; may be given several times', collect, [])
    .action(
      asking(line, (name: string, { env, lock }: CreateFlags) => {
        const input = { name, environment: env, locked: lock }
        return { action: 'project.create', input, say: sayCreated }
      }),
    )

  addCommand(project, 'list', 'list all projects').action(
    asking(line, (_flags: CommonFlags) => ({ action: 'project.list', input: {}, say: sayList })),
  )

  addCommand(project, 'show <projectId>', 'show a project and its settings').action(
    asking(line, (projectId: string, _flags: CommonFlags) => ({ action: 'project.show', input: { projectId } })),
  )

  addSetCommand(project, line)

  for (const [verb, archived, description] of [
    ['archive', true, 'refuse every key, token and connection of a project; its data stays'],
    ['unarchive', false, 'bring an archived project back'],
  ] as const) {
    addCommand(project, `${verb} <projectId>`, description).action(
      asking(line, (projectId: string, _flags: CommonFlags) => {
        return { action: 'project.archive', input: { projectId, archived } }
      }),
    )
  }

  addCommand(project, 'delete <projectId> <name>', 'delete a project for good').action(
    asking(line, (projectId: string, name: string, _flags: CommonFlags) => {
      return { action: 'project.delete', input: { projectId, name } }
    }),
  )
}

const addSetCommand = (project: Command, line: CommandLine): void => {
  addCommand(project, 'set <projectId>', 'change a project; what is not named stays as it is')
    .option('--name <name>', 'its name')
    .addOption(environment())
    .option('--anonymous', 'let connections in without a token; needs origins')
    .option('--no-anonymous', 'let nobody in without a token')
    .option('--origin <origin>', 'where sockets may come from; may be given several times, "" for anywhere', collect)
    .option('--quota <name=amount>', 'like connections=1000 or connections=default; several times', collectAmounts)
    .action(
      asking(line, (projectId: string, { name, env, anonymous, origin, quota }: SetFlags) => {
        const allowedOrigins = origin?.filter((each) => each !== '')
        const changes = { name, environment: env, allowAnonymous: anonymous, allowedOrigins, quotas: quota }
        return { action: 'project.change', input: { projectId, changes } }
      }),
    )
}

const sayCreated = (created: unknown): readonly string[] => [
  ...renderValue(created),
  '',
  'The serverApiKey is secret and shown this once: keep it where your backend finds it.',
]

const sayList = (projects: unknown): readonly string[] =>
  Array.isArray(projects) && projects.length === 0
    ? ['There is no project yet. Make one: xshathra project create NAME']
    : renderValue(projects)
