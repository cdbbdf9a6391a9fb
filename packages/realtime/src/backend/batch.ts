import type { RealtimeProblem } from '../result.ts'
import type {
  BroadcastOutcome,
  HistoryPage,
  PresenceStats,
  PresentClient,
  PublishedAt,
  StreamPosition,
} from './answers.ts'
import { assertList, assertObject } from './check-input.ts'

interface PublicationFields {
  readonly data: unknown
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly idempotencyKey?: string | undefined
  readonly skipHistory?: boolean | undefined
  readonly delta?: boolean | undefined
}

interface ChannelField {
  readonly channel: string
}

interface UserFields {
  readonly userId: string
  readonly client?: string | undefined
}

/** What each command takes, as in the HTTP API. */
interface BatchBodies {
  readonly publish: ChannelField & PublicationFields
  readonly broadcast: { readonly channels: readonly string[] } & PublicationFields
  readonly presence: ChannelField
  readonly presenceStats: ChannelField
  readonly history: ChannelField & {
    readonly limit?: number | undefined
    readonly since?: StreamPosition | undefined
    readonly reverse?: boolean | undefined
  }
  readonly historyRemove: ChannelField
  readonly subscribe: ChannelField & UserFields
  readonly unsubscribe: ChannelField & UserFields
  readonly disconnect: { readonly code?: number; readonly reason?: string; readonly blockSeconds?: number } & (
    | UserFields
    | { readonly all: true }
  )
  readonly refresh: UserFields & { readonly expireInSeconds?: number; readonly expired?: boolean }
  readonly channels: { readonly pattern?: string }
}

interface Done {
  readonly ok: true
}

/** What each command answers, as in the HTTP API. */
interface BatchAnswers {
  readonly publish: Done & PublishedAt
  readonly broadcast: Done & { readonly results: readonly BroadcastOutcome[] }
  readonly presence: { readonly clients: Readonly<Record<string, PresentClient>> }
  readonly presenceStats: PresenceStats
  readonly history: HistoryPage
  readonly historyRemove: Done
  readonly subscribe: Done
  readonly unsubscribe: Done
  readonly disconnect: Done
  readonly refresh: Done
  readonly channels: { readonly channels: Readonly<Record<string, { readonly clients: number }>> }
}

/** One command: an object with its name as the only key. */
export type BatchCommand = {
  readonly [Name in keyof BatchBodies]: { readonly [_ in Name]: BatchBodies[Name] }
}[keyof BatchBodies]

/** The answer under the command's name, or `error`. */
export type BatchReply = { readonly [Name in keyof BatchAnswers]?: BatchAnswers[Name] } & {
  readonly error?: RealtimeProblem
}

const maxCommands = 1000

const commandNames: ReadonlySet<string> = new Set<keyof BatchBodies>([
  ...(['publish', 'broadcast', 'presence', 'presenceStats', 'history', 'historyRemove'] as const),
  ...(['subscribe', 'unsubscribe', 'disconnect', 'refresh', 'channels'] as const),
])

/** Throws a TypeError that names the command that is none. */
export const assertBatch = (commands: readonly BatchCommand[]): void => {
  assertList('commands', commands, maxCommands)
  for (const [index, command] of commands.entries()) {
    const [name, ...more] = Object.keys(Object(command))
    if (name === undefined || more.length > 0 || !commandNames.has(name)) {
      throw new TypeError(`commands[${index}] must have the name of one command as its only key`)
    }
    assertObject(`commands[${index}].${name}`, (command as Record<string, unknown>)[name])
  }
}
