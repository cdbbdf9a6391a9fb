export type {
  BroadcastOutcome,
  HistoryPage,
  HistoryPublication,
  PresenceStats,
  PresentClient,
  ProjectInfo,
  PublishedAt,
  StreamPosition,
} from './backend/answers.ts'
export type { BatchCommand, BatchReply } from './backend/batch.ts'
export { createRealtime } from './backend/create-realtime.ts'
export type { CallOptions } from './backend/data-plane.ts'
export {
  batch,
  broadcast,
  channels,
  disconnect,
  history,
  isRealtimeEnabled,
  issueConnectionToken,
  issueSubscriptionToken,
  presence,
  presenceStats,
  project,
  publish,
  publishResult,
  realtimeWsUrl,
  refresh,
  removeHistory,
  signConnectionToken,
  subscribeUser,
  unsubscribeUser,
} from './backend/functions.ts'
export { type NodeRequest, type NodeResponse, toNodeHandler } from './backend/node-handler.ts'
export type {
  ConnectionTokenOptions,
  DisconnectOptions,
  HistoryOptions,
  PublishOptions,
  Realtime,
  RefreshOptions,
  SignedTokenOptions,
  SubscriptionTokenOptions,
  UserOptions,
} from './backend/realtime.ts'
export type { CentrifugoOptions, ProjectOptions, RealtimeOptions } from './backend/settings.ts'
export {
  createTokenHandler,
  type TokenGrant,
  type TokenHandlerOptions,
  type TokenQuestion,
} from './backend/token-handler.ts'
export { type ChannelDefinition, type DefinedChannels, defineChannels } from './channels/define-channels.ts'
export type { StandardSchema } from './channels/standard-schema.ts'
export type { Channel, Received, Sent, TypedChannel } from './channels/typed-channel.ts'
export { type MessageIssue, type ProblemCode, RealtimeError, type RealtimeProblem, type Result } from './result.ts'
