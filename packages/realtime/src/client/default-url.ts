/**
 * Where to connect without being told: what the bundle was built with, else the page's own origin. A TypeError where
 * there is neither.
 */
export const defaultUrl = (): string => {
  const built = builtUrl()
  if (built) return built
  const { location } = globalThis
  if (location?.origin?.startsWith('http')) {
    return `${location.origin.replace(/^http/, 'ws')}/realtime/connection/websocket`
  }
  throw new TypeError('url must say where to connect: there is no page to tell')
}

/** Written out in full, since bundlers replace the text; where nobody did, there may be no `process` at all. */
const builtUrl = (): string | undefined => {
  try {
    return process.env.NEXT_PUBLIC_XSHATHRA_REALTIME_URL
  } catch {
    return undefined
  }
}
