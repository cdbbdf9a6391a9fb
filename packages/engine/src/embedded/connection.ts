import {
  type ClientInfo,
  type Command,
  type CommandReader,
  type ConnectRequest,
  type ConnectResult,
  type Disconnect,
  disconnectForError,
  disconnects,
  errors,
  InappropriatePayload,
  malformed,
  type Payload,
  type ProtocolError,
  type Push,
  type Reply,
  type Unsubscribe,
  unsubscribes,
} from '@xshathra/protocol'
import type { ConnectionView } from '../engine.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { InternalChannel, Scope } from '../names.ts'
import type { AdmissionRequest, ConnectionFacts, ConnectionLimits, Credentials, Refusal } from '../tenancy.ts'
import type { FrameForm, Transport, TransportEvents } from '../transport.ts'
import { commands } from './commands/commands.ts'
import { connect } from './commands/connect.ts'
import { KnownFacts, NewcomerFacts } from './connection-facts.ts'
import type { CoreParts } from './core-parts.ts'
import { framePush } from './hub-channel.ts'
import type { Outlet } from './outbox.ts'
import type { Subscription } from './subscription.ts'
import type { Sleeper } from './timer-wheel.ts'

/**
 * `waiting`: open, no connect command yet. `connecting`: it is being decided. `unusable`: connect was refused with an
 * error; the client is given time to go by itself. `closed`: nothing comes in or goes out any more.
 */
type ConnectionState = 'waiting' | 'connecting' | 'connected' | 'unusable' | 'closed'

/** How long a connection whose connect failed may linger. Source: Centrifugo, dropped after 5 s without a close frame. */
const unusableLingerMs = 5_000
/** SDKs and timers cannot count further. Source: Centrifugo clamps expiry to 365 days. */
const maxTtlSeconds = 365 * 24 * 3600

const noChannels: ReadonlyMap<InternalChannel, Subscription> = new Map()
const pingFrames = new WeakMap<FrameForm, Buffer>()

/**
 * One accepted stream from open to close: reads commands in order, answers them, keeps its timers, and gives its place
 * in every channel back when it goes.
 */
export class Connection implements Outlet, Sleeper, TransportEvents {
  readonly id: string
  readonly form: FrameForm
  readonly openedAtMs: number
  readonly #parts: CoreParts
  readonly #transport: Transport
  #state: ConnectionState = 'waiting'

  // Who it is, from the moment connect succeeded.
  scope: Scope = ''
  user = ''
  connInfo: Payload | undefined
  meta: Payload | undefined
  credentialId: string | undefined
  #subscriptionCredentials: Set<string> | undefined
  limits: ConnectionLimits | undefined
  sdkName = ''
  sdkVersion = ''
  emulatedHeaders: Readonly<Record<string, string>> = noHeaders

  #subscriptions: Map<InternalChannel, Subscription> | undefined
  /** Channels whose subscribe is still being decided or read. */
  #opening: Map<InternalChannel, Promise<unknown>> | undefined
  /** Subscriptions whose time is over, while somebody else thinks about more. */
  #extending: Set<Subscription> | undefined

  // The outbox and the timer wheel keep these.
  owed = 0
  wakeTick = 0
  nextSleeper: Sleeper | null = null
  previousSleeper: Sleeper | null = null

  // Deadlines in ticks of the wheel; 0: none.
  #closeTick = 0
  #pingTick = 0
  #pongTick = 0
  #expireTick = 0
  #sweepTick = 0

  /** The frame being carried out, and those behind it. */
  #tail: Promise<void> | undefined
  #isPaused = false
  #inFlight = 0

  constructor(parts: CoreParts, transport: Transport) {
    this.#parts = parts
    this.#transport = transport
    this.id = parts.newId()
    this.form = transport.form
    this.openedAtMs = parts.clock.now()
    this.#closeTick = parts.wheel.tickAfter(parts.client.staleCloseDelayMs)
    this.#sleep()
  }

  // ── what commands ask of it ─────────────────────────────────────────────────────────────────────────────────

  get parts(): CoreParts {
    return this.#parts
  }

  get isConnected(): boolean {
    return this.#state === 'connected'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  get isUnidirectional(): boolean {
    return this.#transport.isUnidirectional
  }

  get transportName(): string {
    return this.#transport.name
  }

  get session(): string {
    return this.#transport.session
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress
  }

  get origin(): string | undefined {
    return this.#transport.origin
  }

  get isEmulated(): boolean {
    return this.#transport.isEmulated
  }

  get subscriptions(): ReadonlyMap<InternalChannel, Subscription> {
    return this.#subscriptions ?? noChannels
  }

  /** Whole seconds between the pings the client may expect, and whether it has to answer; absent where there are none. */
  get pinging(): { readonly ping?: number; readonly pong?: boolean } {
    const { pingIntervalMs, pongTimeoutMs } = this.#parts.client
    if (!this.#transport.hasAppPings || pingIntervalMs <= 0) return {}
    const ping = Math.ceil(pingIntervalMs / 1000)
    return this.isUnidirectional || pongTimeoutMs <= 0 ? { ping } : { ping, pong: true }
  }

  facts(): ConnectionFacts {
    return new KnownFacts(this, this.#transport)
  }

  /** What is asked of the tenancy when this connection wants to be somebody. */
  asNewcomer(request: ConnectRequest): AdmissionRequest {
    return new NewcomerFacts(this, this.#transport, request)
  }

  view(): ConnectionView {
    const { tenancy } = this.#parts
    return {
      client: this.id,
      scope: this.scope,
      user: this.user,
      transport: this.#transport.name,
      protocol: this.form.codec.protocol,
      name: this.sdkName,
      version: this.sdkVersion,
      remoteAddress: this.#transport.remoteAddress,
      connectedAtMs: this.openedAtMs,
      channels: [...this.subscriptions.values()].map(({ channel }) => tenancy.display(channel.scope, channel.key)),
      credentialId: this.credentialId,
      subscriptionCredentialIds: [...(this.#subscriptionCredentials ?? [])],
    }
  }

  /** Notes the credential behind a subscription token that was believed; undefined: one of the engine's own. */
  noteSubscriptionCredential(id: string | undefined): void {
    if (id === undefined) return
    this.#subscriptionCredentials ??= new Set()
    this.#subscriptionCredentials.add(id)
  }

  /** Who this is to other subscribers, with what belongs to one subscription. */
  infoFor(subscription: Subscription | undefined): ClientInfo {
    return { user: this.user, client: this.id, connInfo: this.connInfo, chanInfo: subscription?.chanInfo }
  }

  /** The connect command succeeded: from here on it is somebody. */
  become(credentials: Credentials): void {
    this.scope = credentials.scope
    this.user = credentials.user
    this.connInfo = credentials.connInfo
    this.meta = credentials.meta
    this.credentialId = credentials.credentialId
    this.limits = credentials.limits
  }

  /** Connected: commands are open, timers change from waiting to pinging. */
  start(): void {
    const { wheel, client, random, hub } = this.#parts
    this.#state = 'connected'
    this.#closeTick = 0
    hub.add(this)
    if (this.pinging.ping !== undefined) {
      const half = client.pingIntervalMs / 2
      this.#pingTick = wheel.tickAfter(half + random() * half)
    }
    this.#sleep()
  }

  beginConnecting(): void {
    this.#state = 'connecting'
  }

  /** Puts off, sets or lifts (0) the connection's expiry, in Unix seconds. Returns the seconds left, clamped to a year. */
  expireAt(unixSeconds: number): number {
    const { clock, wheel, client, tenancy } = this.#parts
    if (unixSeconds === 0) {
      this.#expireTick = 0
      this.#sleep()
      return 0
    }
    const ttl = Math.min(Math.max(unixSeconds - Math.floor(clock.now() / 1000), 0), maxTtlSeconds)
    // Where the server refreshes, nobody has to be given time to bring a token.
    const graceMs = tenancy.extendConnection ? 0 : client.expiredCloseDelayMs
    this.#expireTick = wheel.tickAfter(ttl * 1000 + graceMs)
    this.#sleep()
    return ttl
  }

  /** Replaces what is known of it, where there is something new. */
  renew(connInfo?: Payload, meta?: Payload): void {
    if (connInfo) this.connInfo = connInfo
    if (meta) this.meta = meta
  }

  reply(reply: Reply): void {
    this.#send(() => this.form.frame(this.form.codec.encodeReply(reply)))
  }

  /** The answer to connect: a reply, or the first push of a one-way stream. */
  welcome(id: number, result: ConnectResult): void {
    if (this.isUnidirectional) this.push({ kind: 'connect', result })
    else this.reply({ kind: 'connect', id, result })
  }

  push(push: Push): void {
    this.#send(() => framePush(this.form, push))
  }

  /** Answers a command with an error and says to the event stream which rule it was. */
  refuse(command: string, id: number, error: ProtocolError, rule: string, channel?: string, detail?: string): void {
    this.#emitRefusal(command, error.code, error.message, rule, channel, detail)
    this.reply({ kind: 'error', id, error })
  }

  /** Ends the connection because of a command. */
  reject(command: string, disconnect: Disconnect, rule: string, channel?: string, detail?: string): void {
    this.#emitRefusal(command, disconnect.code, disconnect.reason, rule, channel, detail)
    this.disconnect(disconnect)
  }

  /** Refuses in the way the refusal itself says. */
  refuseWith(command: string, id: number, refusal: Refusal, channel?: string): void {
    if (refusal.kind === 'error') this.refuse(command, id, refusal.error, refusal.rule, channel, refusal.detail)
    else this.reject(command, refusal.disconnect, refusal.rule, channel, refusal.detail)
  }

  /** A failed connect: an error leaves a connection that only waits to be left; one-way streams end at once. */
  failConnect(id: number, refusal: Refusal): void {
    if (this.isClosed) return
    for (const subscription of [...this.subscriptions.values()]) {
      this.dropSubscription(subscription, unsubscribes.disconnect, true)
    }
    if (refusal.kind === 'disconnect')
      return this.reject('connect', refusal.disconnect, refusal.rule, undefined, refusal.detail)
    if (this.isUnidirectional) {
      this.#emitRefusal('connect', refusal.error.code, refusal.error.message, refusal.rule, undefined, refusal.detail)
      const { code } = refusal.error
      const disconnect = this.#parts.client.unidirectionalDisconnects?.get(code) ?? disconnectForError(code)
      return this.#close(disconnect, true, refusal.error)
    }
    this.refuse('connect', id, refusal.error, refusal.rule, undefined, refusal.detail)
    this.#state = 'unusable'
    // Emulated streams end by the stale timer, which is running already.
    if (!this.isEmulated) this.#closeTick = this.#parts.wheel.tickAfter(unusableLingerMs)
    this.#sleep()
  }

  // ── channels ────────────────────────────────────────────────────────────────────────────────────────────────

  addSubscription(subscription: Subscription): void {
    this.#subscriptions ??= new Map()
    this.#subscriptions.set(subscription.channel.key, subscription)
    this.#parts.hub.join(subscription)
    if (subscription.expireAt > 0) this.#sweepSoon()
  }

  /** A subscription got an expiry: from now on the connection looks for expired ones. */
  #sweepSoon(): void {
    if (this.#sweepTick !== 0) return
    const { wheel, client, random } = this.#parts
    const half = client.presenceUpdateIntervalMs / 2
    this.#sweepTick = wheel.tickAfter(half + random() * half)
    this.#sleep()
  }

  setSubscriptionExpiry(subscription: Subscription, unixSeconds: number): void {
    subscription.expireAt = unixSeconds
    if (unixSeconds > 0) this.#sweepSoon()
  }

  /** Marks a channel whose subscribe waits for somebody; a second subscribe meets it. */
  markOpening(key: InternalChannel, opening: Promise<unknown>): void {
    this.#opening ??= new Map()
    this.#opening.set(key, opening)
    const done = () => {
      if (this.#opening?.get(key) === opening) this.#opening.delete(key)
    }
    opening.then(done, done)
  }

  openingOf(key: InternalChannel): Promise<unknown> | undefined {
    return this.#opening?.get(key)
  }

  /** Subscriptions held and on the way, for the channel limit. */
  get numChannels(): number {
    let count = this.subscriptions.size
    for (const key of this.#opening?.keys() ?? []) if (!this.subscriptions.has(key)) count++
    return count
  }

  /**
   * Gives up the place in a channel: first the connection forgets it, then the hub, presence included, then those who are
   * left hear of it. `quietly`: nobody is told.
   */
  dropSubscription(subscription: Subscription, unsubscribe: Unsubscribe, quietly = false): void {
    const { channel } = subscription
    if (this.subscriptions.get(channel.key) !== subscription) return
    this.#subscriptions?.delete(channel.key)
    const { hub, events, tenancy } = this.#parts
    const tellOthers = !quietly && subscription.held === null && subscription.grant.rules.joinLeave
    hub.leave(subscription)
    if (tellOthers) {
      channel.announcePresence('leave', this.infoFor(subscription))
      this.emitPresence('leave', subscription)
    }
    if (!quietly && events.wants('unsubscribe')) {
      events.emit({
        kind: 'unsubscribe',
        client: this.id,
        scope: this.scope,
        user: this.user,
        channel: tenancy.display(channel.scope, channel.key),
        namespace: channel.namespace,
        code: unsubscribe.code,
      })
    }
  }

  /** Ends a subscription from the server's side and tells the client. */
  unsubscribe(subscription: Subscription, unsubscribe: Unsubscribe): void {
    this.dropSubscription(subscription, unsubscribe)
    this.push({ kind: 'unsubscribe', channel: subscription.name, code: unsubscribe.code, reason: unsubscribe.reason })
  }

  /** The stream moved on under it: the client has to recover, or to connect again where it never subscribed itself. */
  loseState(subscription: Subscription): void {
    if (subscription.grant.serverSide) this.disconnect(disconnects.insufficientState)
    else this.unsubscribe(subscription, unsubscribes.insufficientState)
  }

  emitPresence(kind: 'join' | 'leave', { channel }: Subscription): void {
    const { events, tenancy } = this.#parts
    if (!events.wants(kind)) return
    events.emit({
      kind,
      client: this.id,
      scope: this.scope,
      user: this.user,
      channel: tenancy.display(channel.scope, channel.key),
      namespace: channel.namespace,
    })
  }

  // ── from the transport ──────────────────────────────────────────────────────────────────────────────────────

  onFrame(frame: Uint8Array): MaybePromise<void> {
    if (this.#state === 'closed' || this.#state === 'unusable') return
    if (this.#tail === undefined) {
      const outcome = this.#carryOut(this.form.codec.readCommands(frame))
      return isPromise(outcome) ? this.#queue(outcome) : undefined
    }
    // The client runs ahead of us: let the kernel hold the rest.
    if (!this.#isPaused) {
      this.#isPaused = true
      this.#transport.pause()
    }
    return this.#queue(this.#tail.then(() => this.#carryOut(this.form.codec.readCommands(frame))))
  }

  onConnectRequest(frame: Uint8Array): MaybePromise<void> {
    if (this.#state !== 'waiting') return
    const request = this.form.codec.readConnectRequest(frame)
    if (request === malformed) return this.reject('connect', disconnects.badRequest, 'malformed connect request')
    return this.#guard('connect', 0, () => connect(this, 0, request))
  }

  onViolation(disconnect: Disconnect): void {
    this.#close(disconnect, false)
  }

  onClosed(): void {
    this.#close(disconnects.connectionClosed, false)
  }

  // ── from the outbox and the wheel ───────────────────────────────────────────────────────────────────────────

  deliver(bytes: Buffer): void {
    if (this.#state === 'closed') return
    const backlog = this.#transport.backlogBytes
    if (backlog > 0 && backlog + bytes.length > this.#parts.client.queueMaxBytes) this.disconnect(disconnects.slow)
    else this.#transport.write(bytes)
  }

  onWake(): void {
    if (this.#state === 'closed') return
    const now = this.#parts.wheel.now()
    if (isDue(this.#closeTick, now)) {
      if (this.#state === 'unusable' && !this.isEmulated) return this.#abandon()
      return this.disconnect(disconnects.stale)
    }
    if (isDue(this.#pongTick, now)) return this.disconnect(disconnects.noPong)
    if (isDue(this.#expireTick, now)) {
      if (!this.#parts.tenancy.extendConnection) return this.disconnect(disconnects.expired)
      this.#expireTick = 0
      void this.#askForMoreTime()
    }
    if (isDue(this.#pingTick, now)) this.#ping()
    if (isDue(this.#sweepTick, now)) this.#sweepExpired()
    this.#sleep()
  }

  /** Ends the connection. What was sent before still arrives, but for codes 3000 and 3008. */
  disconnect(disconnect: Disconnect): void {
    this.#close(disconnect, true)
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Carries out the commands of one frame in order; waits only where one of them has to. */
  #carryOut(reader: CommandReader): MaybePromise<void> {
    for (;;) {
      if (this.#state === 'closed' || this.#state === 'unusable') return
      const command = reader.next()
      if (command === undefined) return
      if (command === malformed) return this.reject('', disconnects.badRequest, 'malformed frame')
      const outcome = this.#dispatch(command)
      if (!isPromise(outcome)) continue
      if (this.#mayRunAhead(command)) {
        this.#inFlight++
        void outcome.then(() => {
          this.#inFlight--
        })
        continue
      }
      return outcome.then(() => this.#carryOut(reader))
    }
  }

  #mayRunAhead(command: Command): boolean {
    return command.kind !== 'connect' && this.#inFlight + 1 < this.#parts.client.concurrency
  }

  #dispatch(command: Command): MaybePromise<void> {
    if (command.kind === 'pong') return this.#state === 'connected' ? this.#pong() : this.#violation('pong')
    if (command.kind === 'connect') {
      if (this.#state !== 'waiting') return this.#violation('connect')
      return this.#guard('connect', command.id, () => connect(this, command.id, command.request))
    }
    if (this.#state !== 'connected' || command.kind === 'unknown') return this.#violation(command.kind)
    return this.#guard(command.kind, command.id, () => commands(this, command))
  }

  #violation(command: string): void {
    this.reject(command, disconnects.badRequest, 'out of order or unknown command')
  }

  /** What nobody foresaw becomes error 100 and an event; the connection and everybody else go on. */
  #guard(command: string, id: number, run: () => MaybePromise<void>): MaybePromise<void> {
    const { events } = this.#parts
    const startedAt = events.wants('command') ? performance.now() : 0
    const fail = (error: unknown): void => {
      events.emit({ kind: 'internal', where: `command ${command}`, error })
      if (command === 'connect') this.failConnect(id, { kind: 'error', error: errors.internal, rule: 'internal error' })
      else this.refuse(command, id, errors.internal, 'internal error')
    }
    const finish = () => {
      if (startedAt > 0) events.emit({ kind: 'command', command, seconds: (performance.now() - startedAt) / 1000 })
    }
    try {
      const outcome = run()
      if (isPromise(outcome)) return outcome.catch(fail).then(finish)
    } catch (error) {
      fail(error)
    }
    return finish()
  }

  #queue(outcome: Promise<void>): Promise<void> {
    const tail = outcome.then(() => {
      if (this.#tail !== tail) return
      this.#tail = undefined
      if (this.#isPaused && this.#state !== 'closed') {
        this.#isPaused = false
        this.#transport.resume()
      }
    })
    this.#tail = tail
    return tail
  }

  #send(encode: () => Buffer): void {
    if (this.#state === 'closed') return
    try {
      this.#parts.outbox.add(this, encode())
    } catch (error) {
      if (!(error instanceof InappropriatePayload)) throw error
      this.disconnect(disconnects.inappropriateProtocol)
    }
  }

  #ping(): void {
    const { outbox, wheel, client } = this.#parts
    let frame = pingFrames.get(this.form)
    if (!frame) {
      frame = this.form.frame(this.form.codec.ping)
      pingFrames.set(this.form, frame)
    }
    outbox.add(this, frame)
    this.#pingTick = wheel.tickAfter(client.pingIntervalMs)
    if (this.pinging.pong) this.#pongTick = wheel.tickAfter(client.pongTimeoutMs)
  }

  /** One pong per ping: a surplus one is a violation. */
  #pong(): void {
    if (this.#pongTick === 0) return this.#violation('pong')
    this.#pongTick = 0
  }

  /** The connection's time is over: somebody else says for how long it goes on. */
  async #askForMoreTime(): Promise<void> {
    const { tenancy, events } = this.#parts
    try {
      const answer = await tenancy.extendConnection?.(this.facts())
      if (this.#state !== 'connected') return
      if (answer?.kind !== 'extended' || this.#isOver(answer.expireAt)) return this.disconnect(disconnects.expired)
      this.renew(answer.info, answer.meta)
      this.expireAt(answer.expireAt ?? 0)
    } catch (error) {
      events.emit({ kind: 'internal', where: 'extending a connection', error })
      this.disconnect(disconnects.expired)
    }
  }

  /** Looks for subscriptions whose time is over. Source: only on the presence tick, and after a delay. */
  #sweepExpired(): void {
    const { clock, client, wheel, tenancy } = this.#parts
    this.#sweepTick = 0
    const nowMs = clock.now()
    let anyLeft = false
    for (const subscription of [...this.subscriptions.values()]) {
      if (this.isClosed) return
      if (subscription.expireAt === 0) continue
      anyLeft = true
      if (nowMs <= subscription.expireAt * 1000 + client.expiredSubCloseDelayMs) continue
      if (this.#extending?.has(subscription)) continue
      const asksElsewhere = subscription.grant.rules.subRefreshProxy !== undefined && tenancy.extendSubscription
      if (asksElsewhere) void this.#askForMoreTimeOf(subscription)
      else this.#endExpired(subscription)
    }
    if (anyLeft) this.#sweepTick = wheel.tickAfter(client.presenceUpdateIntervalMs)
  }

  async #askForMoreTimeOf(subscription: Subscription): Promise<void> {
    const { tenancy, events } = this.#parts
    const { channel, name, grant } = subscription
    this.#extending ??= new Set()
    this.#extending.add(subscription)
    try {
      const question = { connection: this.facts(), name, channel: channel.key, rules: grant.rules }
      const answer = await tenancy.extendSubscription?.(question)
      if (this.subscriptions.get(channel.key) !== subscription) return
      if (answer?.kind !== 'extended' || this.#isOver(answer.expireAt)) return this.#endExpired(subscription)
      if (answer.info) subscription.chanInfo = answer.info
      this.setSubscriptionExpiry(subscription, answer.expireAt ?? 0)
    } catch (error) {
      events.emit({ kind: 'internal', where: 'extending a subscription', error })
      this.#endExpired(subscription)
    } finally {
      this.#extending.delete(subscription)
    }
  }

  /** Whether a moment, in Unix seconds, has come; absent: never. */
  #isOver(expireAt: number | undefined): boolean {
    return expireAt !== undefined && expireAt * 1000 <= this.#parts.clock.now()
  }

  #endExpired(subscription: Subscription): void {
    if (this.subscriptions.get(subscription.channel.key) !== subscription) return
    if (subscription.grant.serverSide) this.disconnect(disconnects.subscriptionExpired)
    else this.unsubscribe(subscription, unsubscribes.expired)
  }

  #sleep(): void {
    if (this.#state === 'closed') return
    let tick = 0
    for (const deadline of [this.#closeTick, this.#pingTick, this.#pongTick, this.#expireTick, this.#sweepTick]) {
      if (deadline !== 0 && (tick === 0 || deadline < tick)) tick = deadline
    }
    if (tick !== 0) this.#parts.wheel.wakeAt(this, tick)
    else this.#parts.wheel.cancel(this)
  }

  /** The client of a failed connect did not go by itself. */
  #abandon(): void {
    this.#close(disconnects.connectionClosed, false)
    this.#transport.terminate()
  }

  #close(disconnect: Disconnect, tellClient: boolean, refusal?: ProtocolError): void {
    if (this.#state === 'closed') return
    const wasConnected = this.#state === 'connected'
    const { outbox, hub, wheel } = this.#parts
    const mayFlush =
      tellClient && disconnect.code !== disconnects.slow.code && disconnect.code !== disconnects.connectionClosed.code
    if (mayFlush) outbox.flushOne(this)
    else outbox.drop(this)
    if (this.isClosed) return
    this.#state = 'closed'
    wheel.cancel(this)
    const quietly = this.#parts.isClosing
    for (const subscription of [...this.subscriptions.values()]) {
      this.dropSubscription(subscription, unsubscribes.disconnect, quietly)
    }
    if (wasConnected) hub.remove(this)
    if (tellClient) this.#transport.close(disconnect, refusal)
    this.#emitDisconnect(disconnect)
  }

  #emitDisconnect(disconnect: Disconnect): void {
    const { events, clock } = this.#parts
    if (!events.wants('disconnect')) return
    events.emit({
      kind: 'disconnect',
      client: this.id,
      scope: this.scope,
      user: this.user,
      transport: this.#transport.name,
      code: disconnect.code,
      reason: disconnect.reason,
      slow: disconnect.code === disconnects.slow.code,
      durationMs: clock.now() - this.openedAtMs,
    })
  }

  #emitRefusal(command: string, code: number, message: string, rule: string, channel?: string, detail?: string): void {
    const { events } = this.#parts
    if (!events.wants('refuse')) return
    events.emit({
      kind: 'refuse',
      client: this.id,
      scope: this.scope,
      user: this.user,
      command,
      channel,
      code,
      message,
      rule,
      detail,
    })
  }
}

const noHeaders: Readonly<Record<string, string>> = {}

const isDue = (tick: number, now: number): boolean => tick !== 0 && tick <= now
