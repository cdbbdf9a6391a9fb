import { disconnects } from '@xshathra/protocol'
import type { Clock } from '../clock.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { ConnectProxy } from '../proxies/connect-proxy.ts'
import type { Admission, AdmissionRequest, Credentials } from '../tenancy.ts'
import type { ConnectionVerdict, TokenVerifier } from '../tokens/verify-token.ts'
import type { AdmissionOptions } from './admission-options.ts'
import { type ChannelResolver, refuseUnknownChannels } from './channel-resolver.ts'
import { capExpiry } from './expiry.ts'
import { refuseToken } from './token-refusals.ts'

export interface AdmissionNeeds {
  readonly options: AdmissionOptions
  readonly tokens: TokenVerifier
  readonly connectProxy: ConnectProxy | undefined
  readonly resolve: ChannelResolver
  readonly clock: Clock
}

/**
 * Decides who a connection is. A token, where there is one, alone decides; else the connect proxy; else anonymous
 * admission, the user named by a trusted header, or nobody: disconnect 3501. Order: Centrifugo's.
 */
export const admit = (request: AdmissionRequest, needs: AdmissionNeeds): MaybePromise<Admission> => {
  if (request.token !== '') {
    return whenReady(needs.tokens.verifyConnection(request.token), (verdict) => admitByToken(verdict, needs))
  }
  return needs.connectProxy === undefined
    ? admitWithoutCredentials(request, needs.options)
    : admitByProxy(request, needs.connectProxy, needs)
}

const admitByToken = (verdict: ConnectionVerdict, needs: AdmissionNeeds): Admission => {
  if (verdict.kind !== 'valid') return refuseToken('connect', verdict)
  const { user, expireAt, info, meta, subscriptions } = verdict
  const { options } = needs
  const unknown = refuseUnknown(subscriptions, needs)
  if (unknown !== undefined) return unknown
  if (user === '' && options.disallowAnonymousConnectionTokens) {
    return { kind: 'disconnect', disconnect: disconnects.permissionDenied, rule: 'anonymous tokens disallowed' }
  }
  const lastsUntil = options.insecure ? undefined : expireAt
  return admitUntil({ scope: '', user, expireAt: lastsUntil, connInfo: info, meta, subscriptions, by: 'token' }, needs)
}

const admitByProxy = async (
  request: AdmissionRequest,
  proxy: ConnectProxy,
  needs: AdmissionNeeds,
): Promise<Admission> => {
  const answer = await proxy.ask(request)
  if (answer.kind === 'no credentials') return admitWithoutCredentials(request, needs.options)
  if (answer.kind !== 'admitted') return answer
  return refuseUnknown(answer.subscriptions, needs) ?? admitUntil({ ...answer, scope: '', by: 'proxy' }, needs)
}

const refuseUnknown = (subscriptions: Credentials['subscriptions'], needs: AdmissionNeeds) =>
  refuseUnknownChannels(
    subscriptions.map(({ channel }) => channel),
    needs.resolve,
  )

/** Admits for as long as the credentials say, but for a year at most. Whether that time is over is the engine's to see. */
const admitUntil = (credentials: Credentials, { clock }: AdmissionNeeds): Admission => ({
  kind: 'admitted',
  ...credentials,
  expireAt: capExpiry(credentials.expireAt, clock.now()),
})

const admitWithoutCredentials = (request: AdmissionRequest, options: AdmissionOptions): Admission => {
  if (options.allowAnonymousConnectWithoutToken || options.insecure) {
    return { kind: 'admitted', scope: '', user: '', subscriptions: [], by: 'anonymous' }
  }
  const user = readUserHeader(request, options.userIdHttpHeader)
  return user === ''
    ? { kind: 'disconnect', disconnect: disconnects.badRequest, rule: 'no credentials' }
    : { kind: 'admitted', scope: '', user, subscriptions: [], by: 'header' }
}

const readUserHeader = ({ headers }: AdmissionRequest, name: string): string => {
  const value = name === '' ? undefined : headers[name.toLowerCase()]
  return (typeof value === 'string' ? value : value?.[0]) ?? ''
}
