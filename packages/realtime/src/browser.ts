import type * as backend from './index.ts'

export { defineChannels } from './channels/define-channels.ts'
export { RealtimeError } from './result.ts'

/**
 * The backend door as a browser gets it: the same names, so that a bundle can be made, and each says what to do instead.
 * Nothing that needs a key is in here.
 */
const refuse = (name: string) => (): never => {
  throw new Error(
    `${name}() of @xshathra/realtime needs the server's key and runs on your backend only. ` +
      'In a browser, subscribe with @xshathra/realtime/client, and let a route of your backend call this.',
  )
}

type Refusing = Omit<{ readonly [Name in keyof typeof backend]: () => never }, 'defineChannels' | 'RealtimeError'>

export const {
  createRealtime,
  createTokenHandler,
  toNodeHandler,
  issueConnectionToken,
  issueSubscriptionToken,
  signConnectionToken,
  publish,
  publishResult,
  broadcast,
  batch,
  presence,
  presenceStats,
  history,
  removeHistory,
  subscribeUser,
  unsubscribeUser,
  disconnect,
  refresh,
  channels,
  project,
  isRealtimeEnabled,
  realtimeWsUrl,
}: Refusing = {
  createRealtime: refuse('createRealtime'),
  createTokenHandler: refuse('createTokenHandler'),
  toNodeHandler: refuse('toNodeHandler'),
  issueConnectionToken: refuse('issueConnectionToken'),
  issueSubscriptionToken: refuse('issueSubscriptionToken'),
  signConnectionToken: refuse('signConnectionToken'),
  publish: refuse('publish'),
  publishResult: refuse('publishResult'),
  broadcast: refuse('broadcast'),
  batch: refuse('batch'),
  presence: refuse('presence'),
  presenceStats: refuse('presenceStats'),
  history: refuse('history'),
  removeHistory: refuse('removeHistory'),
  subscribeUser: refuse('subscribeUser'),
  unsubscribeUser: refuse('unsubscribeUser'),
  disconnect: refuse('disconnect'),
  refresh: refuse('refresh'),
  channels: refuse('channels'),
  project: refuse('project'),
  isRealtimeEnabled: refuse('isRealtimeEnabled'),
  realtimeWsUrl: refuse('realtimeWsUrl'),
}
