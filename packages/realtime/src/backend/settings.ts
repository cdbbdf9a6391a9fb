/** What holds whichever server is behind. */
interface CommonOptions {
  /** Longest time a call may take, repetitions included; default 5000. */
  readonly timeoutMs?: number | undefined
  /** In place of the global `fetch`. */
  readonly fetch?: FetchLike | undefined
  /** The socket URL that clients should be told. */
  readonly realtimeUrl?: string | undefined
}

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>

/** A project of an Xshathra server. */
export interface ProjectOptions extends CommonOptions {
  /** Where the server is reached from here: `https://realtime.example.com`. */
  readonly origin: string
  /** The secret key of the project, `xsk_…`. */
  readonly serverApiKey: string
}

/** A bare Centrifugo, or `xshathra engine`. */
export interface CentrifugoOptions extends CommonOptions {
  /** Base URL of the server API; default `http://localhost:8000/api`. */
  readonly apiUrl?: string | undefined
  readonly apiKey: string
  /** `client.token.hmac_secret_key` of its configuration: tokens are signed here. */
  readonly tokenSecret: string
}

export type RealtimeOptions = ProjectOptions | CentrifugoOptions

interface CommonSettings {
  readonly timeoutMs: number
  readonly fetch: FetchLike
  readonly realtimeUrl: string
  /** Base of all paths, without a slash at its end. */
  readonly baseUrl: string
  /** Signs tokens made here. */
  readonly tokenSecret: string
  readonly apiKey: string
}

/** Options, checked and complete. */
export type Settings = CommonSettings & { readonly kind: 'project' | 'centrifugo' }

export const defaultTimeoutMs = 5000

/** Completes options; a TypeError names the first that is wrong, and never its value where it is a secret. */
export const readOptions = (options: RealtimeOptions): Settings => {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  if (!(timeoutMs > 0 && timeoutMs <= 600_000)) throw new TypeError('timeoutMs must be a number from 1 to 600000')
  // Looked up at each call: tests and instrumentation replace the global.
  const fetch: FetchLike = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  if ('origin' in options) {
    const baseUrl = readUrl('origin', options.origin, httpSchemes)
    const apiKey = readSecret('serverApiKey', options.serverApiKey)
    const socketUrl = `${baseUrl.replace(/^http/, 'ws')}/realtime/connection/websocket`
    const realtimeUrl = readUrl('realtimeUrl', options.realtimeUrl ?? socketUrl, socketSchemes)
    return { kind: 'project', timeoutMs, fetch, baseUrl, realtimeUrl, apiKey, tokenSecret: apiKey }
  }
  return {
    kind: 'centrifugo',
    timeoutMs,
    fetch,
    baseUrl: readUrl('apiUrl', options.apiUrl ?? 'http://localhost:8000/api', httpSchemes),
    realtimeUrl: readUrl(
      'realtimeUrl',
      options.realtimeUrl ?? 'ws://localhost:8000/connection/websocket',
      socketSchemes,
    ),
    apiKey: readSecret('apiKey', options.apiKey),
    tokenSecret: readSecret('tokenSecret', options.tokenSecret),
  }
}

const httpSchemes = ['http:', 'https:']
const socketSchemes = ['ws:', 'wss:', ...httpSchemes]

const readUrl = (name: string, value: unknown, schemes: readonly string[]): string => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !schemes.includes(url.protocol)) {
    throw new TypeError(`${name} must be a URL that begins with ${schemes[0]}// or ${schemes[1]}//`)
  }
  if (url.username !== '' || url.password !== '') throw new TypeError(`${name} must not hold a user or a password`)
  return (value as string).replace(/\/+$/, '')
}

const readSecret = (name: string, value: unknown): string => {
  if (typeof value === 'string' && value !== '' && /^[!-~]+$/.test(value)) return value
  throw new TypeError(`${name} must be printable text without spaces`)
}
