import { type ChannelSyntax, errors } from '@xshathra/protocol'
import type { Clock } from '../clock.ts'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import type { InternalChannel, Scope } from '../names.ts'
import { createConnectProxy } from '../proxies/connect-proxy.ts'
import type { ExtensionAnswer } from '../proxies/extension-answer.ts'
import type { ProxyOptions } from '../proxies/proxy-options.ts'
import { createPublishProxy, type PublishProxy } from '../proxies/publish-proxy.ts'
import { createRefreshProxy, type RefreshProxy } from '../proxies/refresh-proxy.ts'
import { createSubRefreshProxy, type SubRefreshProxy } from '../proxies/sub-refresh-proxy.ts'
import { createSubscribeProxy, type SubscribeProxy } from '../proxies/subscribe-proxy.ts'
import type {
  Admission,
  AdmissionRequest,
  Extension,
  PublishAnswer,
  PublishQuestion,
  RefreshReading,
  Refusal,
  Resolution,
  SubscribeAnswer,
  SubscribeQuestion,
  SubscriptionQuestion,
  SubscriptionReading,
  Tenancy,
} from '../tenancy.ts'
import type { TokenVerifierOptions } from '../tokens/token-options.ts'
import {
  type ConnectionVerdict,
  createTokenVerifier,
  type SubscriptionVerdict,
  type TokenVerifier,
} from '../tokens/verify-token.ts'
import type { AdmissionOptions } from './admission-options.ts'
import { type AdmissionNeeds, admit } from './admit.ts'
import { createChannelResolver, type RulesLookup, refuseUnknownChannels } from './channel-resolver.ts'
import { capExpiry } from './expiry.ts'
import { refuseToken } from './token-refusals.ts'

/** Everything that decides who may what in the bare engine: the parts of a Centrifugo configuration. */
export interface BareTenancyOptions {
  readonly rules: RulesLookup
  readonly syntax: ChannelSyntax
  readonly admission: AdmissionOptions
  readonly tokens: TokenVerifierOptions
  /** Keys of their own for subscription tokens; absent: those of {@link tokens}. */
  readonly subscriptionTokens?: TokenVerifierOptions | undefined
  readonly proxies: BareProxies
}

export interface BareProxies {
  /** Asked about every connection without token. */
  readonly connect?: ProxyOptions | undefined
  /** By the names that the rules of namespaces use. */
  readonly subscribe: ReadonlyMap<string, ProxyOptions>
  readonly publish: ReadonlyMap<string, ProxyOptions>
  /** Asked about every connection whose time is over, in place of its client. */
  readonly refresh?: ProxyOptions | undefined
  readonly subRefresh?: ReadonlyMap<string, ProxyOptions> | undefined
}

/** What the options have been made into; replaced as a whole. */
interface Parts {
  readonly admission: AdmissionNeeds
  readonly subscriptionTokens: TokenVerifier
  readonly subscribeProxies: ReadonlyMap<string, SubscribeProxy>
  readonly publishProxies: ReadonlyMap<string, PublishProxy>
  readonly refreshProxy: RefreshProxy | undefined
  readonly subRefreshProxies: ReadonlyMap<string, SubRefreshProxy>
}

/** How long what a backend should decide about lives on while the backend cannot be asked, in seconds. */
const graceSeconds = 60

/**
 * The tenancy of `xshathra engine`: one scope, `''`, in which names are what they say, with the semantics of
 * Centrifugo's configuration.
 */
export class BareTenancy implements Tenancy {
  readonly #clock: Clock
  #parts: Parts

  constructor(options: BareTenancyOptions, clock: Clock) {
    this.#clock = clock
    this.#parts = createParts(options, clock)
  }

  /**
   * Puts other options in force, between two questions. Where they are unusable it throws and changes nothing. Questions
   * under way are answered by the old ones.
   */
  update(options: BareTenancyOptions): void {
    const previous = this.#parts
    this.#parts = createParts(options, this.#clock)
    closeParts(previous)
  }

  /** Closes connections to backends once nothing is under way on them. */
  close(): void {
    closeParts(this.#parts)
  }

  admit(request: AdmissionRequest): MaybePromise<Admission> {
    return admit(request, this.#parts.admission)
  }

  readRefreshToken(_scope: Scope, token: string): MaybePromise<RefreshReading> {
    const { tokens } = this.#parts.admission
    return whenReady(tokens.verifyConnection(token), (verdict) => this.#readRefresh(verdict))
  }

  readSubscriptionToken(_scope: Scope, token: string): MaybePromise<SubscriptionReading> {
    const { subscriptionTokens } = this.#parts
    return whenReady(subscriptionTokens.verifySubscription(token), (verdict) => this.#readSubscription(verdict))
  }

  resolve(_scope: Scope, name: string): Resolution {
    return this.#parts.admission.resolve(name)
  }

  display(_scope: Scope, channel: InternalChannel): string {
    return channel
  }

  sees(): boolean {
    return true
  }

  resolveUser(scope: Scope, user: string): { readonly scope: Scope; readonly user: string } {
    return { scope, user }
  }

  authorizeSubscribe(question: SubscribeQuestion): MaybePromise<SubscribeAnswer> {
    const proxy = this.#parts.subscribeProxies.get(question.rules.subscribeProxy ?? '')
    return proxy === undefined ? withoutProxy : whenReady(proxy.ask(question), (answer) => this.#capped(answer))
  }

  authorizePublish(question: PublishQuestion): MaybePromise<PublishAnswer> {
    return this.#parts.publishProxies.get(question.rules.publishProxy ?? '')?.ask(question) ?? withoutProxy
  }

  get extendConnection(): Tenancy['extendConnection'] {
    const proxy = this.#parts.refreshProxy
    return proxy && ((connection) => whenReady(proxy.ask(connection), (answer) => this.#extension(answer)))
  }

  extendSubscription(question: SubscriptionQuestion): MaybePromise<Extension> {
    const proxy = this.#parts.subRefreshProxies.get(question.rules.subRefreshProxy ?? '')
    if (proxy === undefined) return { kind: 'expired' }
    return whenReady(proxy.ask(question), (answer) => this.#extension(answer))
  }

  /** A backend that is away for a moment must not end everything that happens to expire then. */
  #extension(answer: ExtensionAnswer): Extension {
    if (answer.kind !== 'failed') return this.#capped(answer)
    return { kind: 'extended', expireAt: Math.floor(this.#clock.now() / 1000) + graceSeconds }
  }

  #readRefresh(verdict: ConnectionVerdict): RefreshReading {
    if (verdict.kind !== 'valid') return refuseToken('refresh', verdict)
    const channels = verdict.subscriptions.map(({ channel }) => channel)
    const unknown = refuseUnknownChannels(channels, this.#parts.admission.resolve)
    if (unknown !== undefined) return unknown
    const { user, expireAt, info, meta } = verdict
    return this.#capped({ kind: 'read', user, expireAt, connInfo: info, meta, channels })
  }

  #readSubscription(verdict: SubscriptionVerdict): SubscriptionReading {
    if (verdict.kind !== 'valid') return refuseToken('subscription', verdict)
    const unknown = refuseUnknownChannels([verdict.channel], this.#parts.admission.resolve)
    return unknown ?? this.#capped({ ...verdict, kind: 'read' })
  }

  #capped<Answer extends { readonly kind: string; readonly expireAt?: number | undefined } | Refusal>(
    answer: Answer,
  ): Answer {
    return 'expireAt' in answer ? { ...answer, expireAt: capExpiry(answer.expireAt, this.#clock.now()) } : answer
  }
}

/** Options are expected to have been checked (`checkTokenOptions`); unreadable keys and endpoints throw. */
export const createBareTenancy = (options: BareTenancyOptions, { clock }: { readonly clock: Clock }): BareTenancy =>
  new BareTenancy(options, clock)

/** Nobody is there to allow it: configurations whose rules name a missing proxy do not get this far. */
const withoutProxy: Refusal = { kind: 'error', error: errors.permissionDenied, rule: 'no proxy to ask' }

const createParts = (options: BareTenancyOptions, clock: Clock): Parts => {
  const tokens = createTokenVerifier(options.tokens, { clock })
  const { connect, subscribe, publish, refresh, subRefresh } = options.proxies
  return {
    admission: {
      options: options.admission,
      tokens,
      connectProxy: connect && createConnectProxy(connect),
      resolve: createChannelResolver(options.rules, options.syntax),
      clock,
    },
    subscriptionTokens: options.subscriptionTokens
      ? createTokenVerifier(options.subscriptionTokens, { clock })
      : tokens,
    subscribeProxies: mapValues(subscribe, createSubscribeProxy),
    publishProxies: mapValues(publish, createPublishProxy),
    refreshProxy: refresh && createRefreshProxy(refresh),
    subRefreshProxies: mapValues(subRefresh ?? new Map(), createSubRefreshProxy),
  }
}

const closeParts = (parts: Parts): void => {
  parts.admission.connectProxy?.close()
  parts.refreshProxy?.close()
  for (const proxies of [parts.subscribeProxies, parts.publishProxies, parts.subRefreshProxies]) {
    for (const proxy of proxies.values()) proxy.close()
  }
}

const mapValues = <Key, From, To>(map: ReadonlyMap<Key, From>, change: (value: From) => To): ReadonlyMap<Key, To> =>
  new Map(Array.from(map, ([key, value]) => [key, change(value)]))
