import { type Command, Option } from 'commander'
import { addCommand, asking, type CommandLine, type CommonFlags } from './command-line.ts'
import { collect, parseAmount } from './option-values.ts'

interface TokenFlags extends CommonFlags {
  readonly ttl: number
  readonly channel?: readonly string[]
  readonly subscription?: string
}

interface ExplainFlags extends CommonFlags {
  readonly action: string
  readonly subscribed?: boolean
}

interface ExplainTokenFlags extends CommonFlags {
  readonly clientKey?: string
  readonly origin?: string
}

interface Explanation {
  readonly allowed: boolean
  readonly rules: readonly { readonly rule: string; readonly outcome: string; readonly detail?: string }[]
}

/** `xshathra token`, `publish` and `explain`. */
export const addChannelCommands = (program: Command, line: CommandLine): void => {
  addCommand(program, 'token <projectId> <userId>', 'mint a token for a user, as the API does')
    .option('--ttl <seconds>', 'how long it is good: 30 to 3600', parseAmount, 900)
    .option('--channel <channel>', 'subscribe the connection from the start; may be given several times', collect)
    .option('--subscription <channel>', 'mint a subscription token for this channel instead')
    .action(
      asking(line, (projectId: string, userId: string, { ttl, channel, subscription }: TokenFlags) => {
        const input = { projectId, userId, ttlSeconds: ttl, channels: channel, channel: subscription }
        return { action: 'token', input, say: (answer) => [(answer as { token: string }).token] }
      }),
    )

  addCommand(program, 'publish <projectId> <channel> <json>', 'publish a JSON value to a channel').action(
    asking(line, (projectId: string, channel: string, data: string, _flags: CommonFlags) => {
      return { action: 'publish', input: { projectId, channel, data } }
    }),
  )

  const explain = program.command('explain').description('say which rules allow or refuse something, one by one')
  addCommand(explain, 'action <projectId> <userId> <channel>', 'what a user\'s command would meet; "" is anonymous')
    .addOption(
      new Option('--action <action>', 'the command')
        .choices(['subscribe', 'publish', 'presence', 'history'])
        .default('subscribe'),
    )
    .option('--subscribed', 'as a connection that is subscribed to the channel')
    .action(
      asking(line, (projectId: string, user: string, channel: string, { action, subscribed }: ExplainFlags) => {
        const input = { projectId, user, channel, action, isSubscribed: subscribed ?? false }
        return { action: 'explain.action', input, say: sayExplanation }
      }),
    )
  addCommand(explain, 'token <token>', 'what a connect command with this token would meet')
    .option('--client-key <key>', 'the client_api_key that is sent with it')
    .option('--origin <origin>', 'the page that the connection comes from')
    .action(
      asking(line, (token: string, { clientKey, origin }: ExplainTokenFlags) => {
        return { action: 'explain.connect', input: { token, clientApiKey: clientKey, origin }, say: sayExplanation }
      }),
    )
}

const marks: Readonly<Record<string, string>> = { passed: '✓', refused: '✗' }

const sayExplanation = (answer: unknown): readonly string[] => {
  const { allowed, rules } = answer as Explanation
  const lines = rules.map(
    ({ rule, outcome, detail }) => `${marks[outcome] ?? '·'} ${rule}${detail ? ` ${detail}` : ''}`,
  )
  return [...lines, allowed ? 'Allowed.' : 'Refused.']
}
