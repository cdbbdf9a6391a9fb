import type { Disconnect, ProtocolError } from '@xshathra/protocol'

/**
 * One backend that is asked about events of connections, by HTTP POST. Source of names and defaults: Centrifugo v6,
 * `client.proxy.*`, `channel.proxy.*` and the entries of `proxies`.
 */
export interface ProxyOptions {
  /** `http://` or `https://`. */
  readonly endpoint: string
  /** From the first byte sent to the last byte of the answer. */
  readonly timeoutMs: number
  /** Headers of the request that opened the transport, to pass on; any case. */
  readonly httpHeaders: readonly string[]
  /** Headers named in the connect command, to pass on; any case. Their values are the client's word. */
  readonly emulatedHeaders: readonly string[]
  /** Sent with every call; headers passed on win over them. */
  readonly staticHeaders: Readonly<Record<string, string>>
  /** Payloads travel as base64 in place of JSON. */
  readonly binaryEncoding: boolean
  /** Shows the connection's `meta` to this backend. */
  readonly includeConnectionMeta: boolean
  /** What answers other than 200 mean; those not listed are error 100. */
  readonly statusToCodeTransforms: readonly StatusTransform[]
}

/** The meaning of one HTTP status: an error or a disconnect, exactly one of them. */
export interface StatusTransform {
  readonly statusCode: number
  readonly toError?: ProtocolError | undefined
  readonly toDisconnect?: Disconnect | undefined
}

export const defaultProxyOptions: ProxyOptions = {
  endpoint: '',
  timeoutMs: 1_000,
  httpHeaders: [],
  emulatedHeaders: [],
  staticHeaders: {},
  binaryEncoding: false,
  includeConnectionMeta: false,
  statusToCodeTransforms: [],
}
