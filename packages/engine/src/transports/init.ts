import type { Route } from './route.ts'

/** Answers with an empty object: what a page asks before it connects, to get cookies of a load balancer. */
export const initRoute: Route = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': 2 }).end('{}')
}
