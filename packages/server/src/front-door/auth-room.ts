import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Auth } from '../accounts/auth.ts'

/** Everything under `/api/auth`: hands requests to sign-in as the web platform writes them. */
export const authRoom =
  (auth: Auth) =>
  async (app: FastifyInstance): Promise<void> => {
    // Bodies are read there; here they are bytes of whatever type.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: longestBody }, (_request, body, done) => {
      done(null, body)
    })
    app.all('/api/auth/*', async (request, reply) => {
      const answer = await auth.handle(toWebRequest(request), request.ip)
      for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value)
      for (const cookie of answer.headers.getSetCookie()) reply.header('set-cookie', cookie)
      return reply.code(answer.status).send(Buffer.from(await answer.arrayBuffer()))
    })
  }

const longestBody = 64 * 1024

/** With the origin that the client used, as far as proxies are believed. */
const toWebRequest = ({ method, protocol, host, url, headers, body }: FastifyRequest): Request => {
  const entries = Object.entries(headers).flatMap(([name, value = []]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, each]),
  )
  const hasBody = method !== 'GET' && method !== 'HEAD' && Buffer.isBuffer(body)
  return new Request(`${protocol}://${host}${url}`, { method, headers: entries, body: hasBody ? body : null })
}
