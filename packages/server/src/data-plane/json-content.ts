import type { FastifyInstance } from 'fastify'
import { BodyRefused, readBody, tooLarge } from './read-body.ts'

/** Takes JSON bodies as bytes, up to a size, and no other content. */
export const takeOnlyJson = (app: FastifyInstance, maxBodyBytes: number): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced <= maxBodyBytes) return readBody(payload, maxBodyBytes, done)
    payload.once('end', () => done(new BodyRefused(tooLarge('body', announced, maxBodyBytes))))
    payload.resume()
  })
}
