export { Centrifuge, UnauthorizedError } from 'centrifuge'
export { type ChannelDefinition, type DefinedChannels, defineChannels } from './channels/define-channels.ts'
export type { StandardSchema } from './channels/standard-schema.ts'
export type { Channel, Received, Sent, TypedChannel } from './channels/typed-channel.ts'
export type { ConnectionOptions, WebSocketClass } from './client/connection.ts'
export type { FeedOptions } from './client/feed.ts'
export { fetchToken } from './client/fetch-token.ts'
export type { Member } from './client/presence-view.ts'
export type { ConnectionState, Status } from './client/status.ts'
export {
  type HistoryQuestion,
  type MessageMeta,
  type ReceivedHistory,
  type ReceivedMessage,
  type SubscribeOptions,
  type SubscriptionHandle,
  subscribe,
} from './client/subscribe.ts'
export { type MessageIssue, RealtimeError, type RealtimeProblem } from './result.ts'
