import type { ProxyOptions } from '../proxies/proxy-options.ts'
import type { CentrifugoSettings } from './centrifugo-options.ts'

export type ProxySettings = CentrifugoSettings['channel']['proxy']['subscribe']

/** The name by which namespaces mean the proxy of an event's own section, `channel.proxy.<event>`. */
export const defaultProxyName = 'default'

/** Backends by the event they are asked about. */
export interface ProxyBook {
  /** Absent: not asked. */
  readonly connect?: ProxyOptions | undefined
  readonly refresh?: ProxyOptions | undefined
  /** By the names that the rules of namespaces use. */
  readonly subscribe: ReadonlyMap<string, ProxyOptions>
  readonly publish: ReadonlyMap<string, ProxyOptions>
  readonly subRefresh: ReadonlyMap<string, ProxyOptions>
}

export const buildProxyBook = ({ client, channel, proxies }: CentrifugoSettings): ProxyBook => {
  const withDefault = (proxy: ProxySettings) =>
    new Map(
      [{ name: defaultProxyName, ...proxy }, ...proxies]
        .filter(({ endpoint }) => speaksHttp(endpoint))
        .map((each) => [each.name, toProxyOptions(each)]),
    )
  const { connect, refresh } = client.proxy
  return {
    connect: connect.enabled ? toProxyOptions(connect) : undefined,
    refresh: refresh.enabled ? toProxyOptions(refresh) : undefined,
    subscribe: withDefault(channel.proxy.subscribe),
    publish: withDefault(channel.proxy.publish),
    subRefresh: withDefault(channel.proxy.sub_refresh),
  }
}

/** What asks over gRPC may stand in the file, as long as nothing that the engine honours names it. */
export const speaksHttp = (endpoint: string): boolean => /^https?:\/\//i.test(endpoint) && URL.canParse(endpoint)

const toProxyOptions = (proxy: ProxySettings): ProxyOptions => ({
  endpoint: proxy.endpoint,
  timeoutMs: proxy.timeout,
  httpHeaders: proxy.http_headers,
  emulatedHeaders: proxy.emulated_headers,
  staticHeaders: proxy.http.static_headers,
  binaryEncoding: proxy.binary_encoding,
  includeConnectionMeta: proxy.include_connection_meta,
  statusToCodeTransforms: proxy.http.status_to_code_transforms.map(({ status_code, to_error, to_disconnect }) => ({
    statusCode: status_code,
    toError: to_error.code > 0 ? to_error : undefined,
    toDisconnect: to_disconnect.code > 0 ? to_disconnect : undefined,
  })),
})
