'use client'

export { RealtimeProvider, type RealtimeProviderProps } from './react/realtime-provider.ts'
export { type HookStatus, type UseChannelOptions, type UseChannelResult, useChannel } from './react/use-channel.ts'
export { useConnectionState } from './react/use-connection-state.ts'
export { type UseHistoryOptions, type UseHistoryResult, useHistory } from './react/use-history.ts'
export { type UsePresenceResult, usePresence } from './react/use-presence.ts'
export { usePublish } from './react/use-publish.ts'
