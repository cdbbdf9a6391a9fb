import { defaultRealtime } from './default-realtime.ts'
import type { Realtime } from './realtime.ts'

/**
 * Mints the token that lets a user's client connect. A number is `ttlSeconds`.
 *
 * @example
 * import { issueConnectionToken } from '@xshathra/realtime'
 *
 * const token = await issueConnectionToken('user_1', { channels: ['chat:room:7'], info: { name: 'Ada' } })
 */
export const issueConnectionToken: Realtime['issueConnectionToken'] = defaultRealtime.issueConnectionToken

/**
 * Mints the token that lets a user's client subscribe to one channel, where a token is asked for. Whether the user may
 * is for the caller to decide.
 *
 * @example
 * import { issueSubscriptionToken } from '@xshathra/realtime'
 *
 * const token = await issueSubscriptionToken('user_1', 'match:duel:42', 300)
 */
export const issueSubscriptionToken: Realtime['issueSubscriptionToken'] = defaultRealtime.issueSubscriptionToken

/**
 * Signs a connection token here and now, without asking the server: with the server key of the project, or with the
 * secret of a bare Centrifugo. An Xshathra server in front of a Centrifugo refuses such tokens; there, issue them.
 * Throws a `RealtimeError` where nothing is set up.
 *
 * @example
 * import { signConnectionToken } from '@xshathra/realtime'
 *
 * const token = signConnectionToken('user_1', 300)
 */
export const signConnectionToken: Realtime['signConnectionToken'] = defaultRealtime.signConnectionToken

/**
 * Publishes, and says whether the server accepted it. Never throws or rejects, and takes five seconds at most. `false`
 * without a word where nothing is set up; otherwise the first failure of each kind is warned about on the console.
 *
 * @example
 * import { publish } from '@xshathra/realtime'
 *
 * const accepted: boolean = await publish('chat:room:7', { text: 'hello' })
 */
export const publish: Realtime['publish'] = defaultRealtime.publish

/**
 * Publishes, and says where the publication came to stand or why it did not.
 *
 * @example
 * import { publishResult } from '@xshathra/realtime'
 *
 * const result = await publishResult('chat:room:7', { text: 'hello' }, { idempotencyKey: 'message-1' })
 * if (!result.ok) console.error(result.problem.code, result.problem.message)
 */
export const publishResult: Realtime['publishResult'] = defaultRealtime.publishResult

/**
 * Publishes the same to up to 1000 channels. Outcomes stand in their order; a refused channel is refused alone.
 *
 * @example
 * import { broadcast } from '@xshathra/realtime'
 *
 * const result = await broadcast(['chat:room:7', 'chat:room:8'], { text: 'closing in five minutes' })
 * if (result.ok) for (const { channel, error } of result.value) if (error) console.error(channel, error.code)
 */
export const broadcast: Realtime['broadcast'] = defaultRealtime.broadcast

/**
 * Sends up to 1000 commands at once. They are carried out in their order, and each has its own reply.
 *
 * @example
 * import { batch } from '@xshathra/realtime'
 *
 * const result = await batch([
 *   { publish: { channel: 'chat:room:7', data: { text: 'hello' } } },
 *   { presenceStats: { channel: 'chat:room:7' } },
 * ])
 */
export const batch: Realtime['batch'] = defaultRealtime.batch

/**
 * Who is subscribed now, by id of the connection.
 *
 * @example
 * import { presence } from '@xshathra/realtime'
 *
 * const result = await presence('chat:room:7')
 * const users = result.ok ? new Set(Object.values(result.value).map(({ userId }) => userId)) : undefined
 */
export const presence: Realtime['presence'] = defaultRealtime.presence

/**
 * How many are subscribed now.
 *
 * @example
 * import { presenceStats } from '@xshathra/realtime'
 *
 * const result = await presenceStats('chat:room:7')
 * if (result.ok) console.log(`${result.value.users} users on ${result.value.clients} connections`)
 */
export const presenceStats: Realtime['presenceStats'] = defaultRealtime.presenceStats

/**
 * A page of what the channel keeps, and where its stream stands.
 *
 * @example
 * import { history } from '@xshathra/realtime'
 *
 * const newest = await history('chat:room:7', { limit: 20, reverse: true })
 */
export const history: Realtime['history'] = defaultRealtime.history

/**
 * Forgets what the channel keeps. Its stream goes on with the next offset.
 *
 * @example
 * import { removeHistory } from '@xshathra/realtime'
 *
 * await removeHistory('chat:room:7')
 */
export const removeHistory: Realtime['removeHistory'] = defaultRealtime.removeHistory

/**
 * Subscribes a user's open connections to a channel.
 *
 * @example
 * import { subscribeUser } from '@xshathra/realtime'
 *
 * await subscribeUser('user_1', 'chat:room:7')
 */
export const subscribeUser: Realtime['subscribeUser'] = defaultRealtime.subscribeUser

/**
 * Takes a user's open connections out of a channel.
 *
 * @example
 * import { unsubscribeUser } from '@xshathra/realtime'
 *
 * await unsubscribeUser('user_1', 'chat:room:7')
 */
export const unsubscribeUser: Realtime['unsubscribeUser'] = defaultRealtime.unsubscribeUser

/**
 * Closes a user's connections, or those of everybody in the project.
 *
 * @example
 * import { disconnect } from '@xshathra/realtime'
 *
 * await disconnect('user_1', { blockSeconds: 3600, reason: 'banned' })
 * await disconnect({ all: true })
 */
export const disconnect: Realtime['disconnect'] = defaultRealtime.disconnect

/**
 * Changes when a user's open connections expire.
 *
 * @example
 * import { refresh } from '@xshathra/realtime'
 *
 * await refresh('user_1', { expireInSeconds: 300 })
 */
export const refresh: Realtime['refresh'] = defaultRealtime.refresh

/**
 * Channels that somebody is subscribed to; a glob narrows them.
 *
 * @example
 * import { channels } from '@xshathra/realtime'
 *
 * const rooms = await channels('chat:room:*')
 */
export const channels: Realtime['channels'] = defaultRealtime.channels

/**
 * What the key opens: the project's id, name and environment, and where its sockets connect.
 *
 * @example
 * import { project } from '@xshathra/realtime'
 *
 * const result = await project()
 * if (!result.ok) console.error('the key does not work:', result.problem.message)
 */
export const project: Realtime['project'] = defaultRealtime.project

/**
 * Whether a server is set up. Says nothing about whether it answers.
 *
 * @example
 * import { isRealtimeEnabled } from '@xshathra/realtime'
 *
 * if (!isRealtimeEnabled()) console.info('realtime is off: pages will poll')
 */
export const isRealtimeEnabled: Realtime['isRealtimeEnabled'] = defaultRealtime.isRealtimeEnabled

/**
 * Where clients connect; undefined where nothing is set up.
 *
 * @example
 * import { realtimeWsUrl } from '@xshathra/realtime'
 *
 * const url: string | undefined = realtimeWsUrl() // ws://localhost:3001/realtime/connection/websocket
 */
export const realtimeWsUrl: Realtime['realtimeWsUrl'] = defaultRealtime.realtimeWsUrl
