import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers 200 while the engine can serve, 503 before and after, both with an empty JSON object as Centrifugo's. */
export const createHealthHandler =
  (isReady: () => boolean) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(isReady() ? 200 : 503, { 'Content-Type': 'application/json', 'Content-Length': 2 }).end('{}')
  }
