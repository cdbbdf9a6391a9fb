import { UnauthorizedError } from 'centrifuge'

const fetchers = new Map<string, (context?: { readonly channel?: string }) => Promise<string>>()

/**
 * A function that fetches tokens from a route made with `createTokenHandler`, for `getToken` and `getSubscriptionToken`.
 * 401 and 403 mean that there will be none; anything else is tried again later. The same url always gives the same
 * function, so that all who use it share a connection. Cookies of the page's own origin are sent.
 *
 * @example
 * import { fetchToken, subscribe } from '@xshathra/realtime/client'
 *
 * subscribe({
 *   getToken: fetchToken('/api/realtime-token'),
 *   channel: 'chat:room:7',
 *   onMessage: (message) => console.log(message),
 * })
 */
export const fetchToken = (url: string): ((context?: { readonly channel?: string }) => Promise<string>) => {
  if (typeof url !== 'string' || url === '') throw new TypeError('url must be a string')
  const known = fetchers.get(url)
  if (known !== undefined) return known
  const fetcher = async ({ channel }: { readonly channel?: string } = {}): Promise<string> => {
    const body = channel === undefined ? '{}' : JSON.stringify({ channel })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (response.status === 401 || response.status === 403) throw new UnauthorizedError(`status ${response.status}`)
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}`)
    const { token } = Object(await response.json()) as { readonly token?: unknown }
    if (typeof token !== 'string') throw new Error(`${url} answered without a token`)
    return token
  }
  fetchers.set(url, fetcher)
  return fetcher
}
