import type {
  Admission,
  AdmissionRequest,
  InternalChannel,
  RefreshReading,
  Refusal,
  Resolution,
  SubscriptionReading,
  Tenancy,
} from '@xshathra/engine'
import { compileNamespace } from './compile-namespace.ts'
import { disconnects, errors } from './engine.ts'
import type { TestNamespace } from './test-namespaces.ts'
import { type ReadClaims, readToken } from './test-tokens.ts'

export const testProject = {
  id: 'proj_00000000000000000000000000',
  serverApiKey: 'xsk_for_tests_only_00000000000000000000',
  clientApiKey: 'xck_for_tests_only_00000000000000000000',
} as const

interface TenancyNeeds {
  readonly now: () => number
  readonly namespaces: Readonly<Record<string, TestNamespace>>
  readonly allowAnonymous: boolean
}

/** The one project of a test server: its tokens, its namespaces, and what a test has forbidden for now. */
export class TestTenancy implements Tenancy {
  readonly #needs: TenancyNeeds
  readonly #locked = new Set<string>()
  readonly #admitted = new Set<string>()
  readonly #expired = new Set<string>()
  /** Set: every connection is refused with this. */
  refusal: { readonly code: number; readonly reason: string } | undefined

  constructor(needs: TenancyNeeds) {
    this.#needs = needs
  }

  lock(namespace: string, isLocked: boolean): void {
    if (isLocked) this.#locked.add(namespace)
    else this.#locked.delete(namespace)
  }

  /** Whatever token somebody has used so far is too old from now on. */
  expireTokens(): void {
    for (const token of this.#admitted) this.#expired.add(token)
    this.#admitted.clear()
  }

  admit({ token, data }: AdmissionRequest): Admission {
    if (this.refusal !== undefined) return { kind: 'disconnect', disconnect: this.refusal, rule: 'refused by the test' }
    const scope = testProject.id
    if (token === '') {
      const key = data && Object(JSON.parse(Buffer.from(data).toString())).client_api_key
      return this.#needs.allowAnonymous && key === testProject.clientApiKey
        ? { kind: 'admitted', scope, user: '', subscriptions: [], by: 'anonymous' }
        : { kind: 'disconnect', disconnect: disconnects.badRequest, rule: 'no token' }
    }
    const read = this.#read(token, disconnects.invalidToken)
    if ('kind' in read) return read
    this.#admitted.add(token)
    const { sub, exp, channels = [], info } = read
    const connInfo = info === undefined ? undefined : Buffer.from(JSON.stringify(info))
    const subscriptions = channels.map((channel) => ({ channel }))
    return { kind: 'admitted', scope, user: sub, expireAt: exp, connInfo, subscriptions, by: 'token' }
  }

  readRefreshToken(_scope: string, token: string): RefreshReading {
    const read = this.#read(token, disconnects.invalidToken)
    if ('kind' in read) return read
    this.#admitted.add(token)
    return { kind: 'read', user: read.sub, expireAt: read.exp, channels: read.channels ?? [] }
  }

  readSubscriptionToken(_scope: string, token: string): SubscriptionReading {
    const read = this.#read(token, undefined)
    if ('kind' in read) return read
    const { sub, exp, channel = '', info } = read
    const chanInfo = info === undefined ? undefined : Buffer.from(JSON.stringify(info))
    return { kind: 'read', user: sub, channel, client: '', expireAt: exp, chanInfo }
  }

  resolve(_scope: string, name: string): Resolution {
    const refuse = (
      error: typeof errors.unknownChannel | typeof errors.permissionDenied,
      rule: string,
    ): Resolution => ({
      kind: 'refused',
      error,
      rule,
    })
    const [, mark = '', namespace = '', personal = '', id, rest = ''] = grammar.exec(name) ?? []
    const options = Object.hasOwn(this.#needs.namespaces, namespace) ? this.#needs.namespaces[namespace] : undefined
    if (options === undefined || rest === '') return refuse(errors.unknownChannel, 'unknown namespace')
    if (id !== undefined && id.toUpperCase() !== testProject.id.toUpperCase()) {
      return refuse(errors.permissionDenied, 'another project')
    }
    if (options.personal === true && personal === '') return refuse(errors.unknownChannel, 'not personal')
    return {
      kind: 'resolved',
      channel: `${mark}${namespace}:${personal}${testProject.id}:${rest}` as InternalChannel,
      rules: compileNamespace(namespace, options, this.#locked.has(namespace)),
      anatomy: { namespace, rest, isPrivate: mark !== '', users: personal === '' ? undefined : [rest] },
    }
  }

  display(_scope: string, channel: InternalChannel): string {
    return channel
  }

  sees(): boolean {
    return true
  }

  resolveUser(scope: string, user: string): { readonly scope: string; readonly user: string } {
    return { scope, user }
  }

  /** `forged`: how a token of somebody else ends; absent: with error 103, as those of subscriptions do. */
  #read(token: string, forged: { readonly code: number; readonly reason: string } | undefined): ReadClaims | Refusal {
    const claims = readToken(token, testProject.serverApiKey)
    if (claims === undefined) {
      return forged === undefined
        ? { kind: 'error', error: errors.permissionDenied, rule: 'signature' }
        : { kind: 'disconnect', disconnect: forged, rule: 'signature' }
    }
    const isOver = claims.exp !== undefined && claims.exp * 1000 <= this.#needs.now()
    return isOver || this.#expired.has(token)
      ? { kind: 'error', error: errors.tokenExpired, rule: 'claim exp' }
      : claims
  }
}

/** `$`, namespace, `#` of personal channels, a project's id, and the rest. */
const grammar = /^(\$?)([^:]+):(#?)(?:(proj_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}):)?(.*)$/s
