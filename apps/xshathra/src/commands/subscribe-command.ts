import { failed, ok, type Result } from '@xshathra/protocol'
import { callControl } from '@xshathra/server'
import type { PublicationContext, Subscription } from 'centrifuge'
import type { Command } from 'commander'
import { findServer } from '../ask-server.ts'
import { createClient } from '../outside/open-client.ts'
import type { Settings } from '../settings.ts'
import { StopSignals } from '../stop-signals.ts'
import { addCommand, type CommandLine, type CommonFlags, fail, settingsOf } from './command-line.ts'

interface SubscribeFlags extends CommonFlags {
  readonly user: string
}

/** `xshathra subscribe`: prints what is published to a channel, one JSON line each, until it is stopped. */
export const addSubscribeCommand = (program: Command, line: CommandLine): void => {
  addCommand(program, 'subscribe <projectId> <channel>', 'print what is published to a channel, one JSON line each')
    .option('--user <userId>', 'user to subscribe as', 'xshathra-cli')
    .action(async (projectId: string, channel: string, flags: SubscribeFlags) => {
      line.onExit(await runSubscribe({ projectId, channel, userId: flags.user }, line, flags))
    })
}

interface Tail {
  readonly projectId: string
  readonly channel: string
  readonly userId: string
}

const runSubscribe = async (tail: Tail, line: CommandLine, flags: SubscribeFlags): Promise<number> => {
  const settings = settingsOf(line, flags)
  if (settings === undefined) return 1
  const address = findServer(settings)
  if ('problem' in address) return fail(line, flags, { code: 'engine_unavailable', message: address.problem })
  // Asked for once before anything opens, so that a wrong name is an answer and not a retry.
  const first = await mint(settings, tail)
  if (!first.ok) return fail(line, flags, first.problem)
  const signals = new StopSignals(line.terminal.signals)
  const client = createClient(address.url, {
    getToken: () => mintOrThrow(settings, { ...tail, channel: undefined }),
  })
  const subscription = client.newSubscription(tail.channel, { getToken: () => mintOrThrow(settings, tail) })
  const ended = tell(subscription, line)
  client.on('connecting', ({ code, reason }) => {
    if (code > 0) line.terminal.complain(`connecting again (${reason})`)
  })
  client.on('disconnected', ({ code, reason }) => ended.resolve(`the server disconnected us: ${code} ${reason}`))
  subscription.subscribe()
  client.connect()
  const outcome = await Promise.race([ended.promise, signals.requested])
  signals.close()
  client.removeAllListeners()
  client.disconnect()
  return typeof outcome === 'string' ? fail(line, flags, { code: 'engine_unavailable', message: outcome }) : 0
}

/** Prints publications, and on the other stream what the reader has to know of them. Resolves when there will be no more. */
const tell = (subscription: Subscription, { terminal }: CommandLine): PromiseWithResolvers<string> => {
  const ended = Promise.withResolvers<string>()
  subscription.on('publication', (publication) => terminal.print(JSON.stringify(lineOf(publication))))
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    if (!wasRecovering) terminal.complain('subscribed')
    else
      terminal.complain(
        recovered ? 'subscribed again, nothing was missed' : 'subscribed again; publications were missed',
      )
  })
  subscription.on('unsubscribed', ({ code, reason }) => {
    ended.resolve(`the server ended the subscription: ${code} ${reason}`)
  })
  return ended
}

const lineOf = ({ channel, offset, data, tags, info }: PublicationContext) => ({ channel, offset, data, tags, info })

type TokenWish = Omit<Tail, 'channel'> & { readonly channel: string | undefined }

/** Asks the running server, wherever it listens by now: never the data directory, which a restarting server needs. */
const mint = async (
  settings: Settings,
  wish: TokenWish,
): Promise<Result<string, { code: string; message: string }>> => {
  const address = findServer(settings)
  if ('problem' in address) return failed({ code: 'engine_unavailable', message: address.problem })
  const minted = await callControl(address, 'token', wish)
  return minted.ok ? ok((minted.value as { readonly token: string }).token) : minted
}

/** For the SDK, which tries again after whatever is thrown. */
const mintOrThrow = async (settings: Settings, wish: TokenWish): Promise<string> => {
  const token = await mint(settings, wish)
  if (token.ok) return token.value
  throw new Error(token.problem.message)
}
