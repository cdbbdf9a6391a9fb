import type { ServerResponse } from 'node:http'
import { type Problem, problemBody, problems } from '../problems.ts'

/** Answers a request with a problem, outside of any framework. */
export const sendProblem = (response: ServerResponse, problem: Problem, headers: Record<string, string> = {}): void => {
  const body = `${JSON.stringify(problemBody(problem))}\n`
  const retryAfter = problem.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(problem.retryAfterSeconds) }
  response
    .writeHead(problems[problem.code].status, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      ...retryAfter,
      ...headers,
    })
    .end(body)
}
