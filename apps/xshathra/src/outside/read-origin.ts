import { failed, ok, type Result } from '@xshathra/protocol'

/** The origin of a deployment's URL as people paste it: a page's, the socket's or the API's. */
export const readOrigin = (text: string): Result<string, string> => {
  const url = URL.parse(text.replace(/^ws/, 'http'))
  if (url && /^https?:$/.test(url.protocol)) return ok(url.origin)
  return failed(`${JSON.stringify(text)} is no URL. Give one like https://realtime.example.com.`)
}
