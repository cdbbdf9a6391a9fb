import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

export interface ApiAnswer {
  readonly status: number
  /** Content type; '' where there is none. */
  readonly type: string
  /** JSON is compared as a value; in it, `"<any>"` stands for any value. */
  readonly body: string
}

/** A request to the server API, and what Centrifugo answered. */
export interface ApiAnswerCase {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly answer: ApiAnswer
  /** Where we decided to answer otherwise, and why. */
  readonly ours?: ApiAnswer & { readonly why: string }
}

export interface ApiAnswerTable {
  readonly recordedFrom: string
  /** Configuration of the recorded server, in Centrifugo's own format. */
  readonly config: Readonly<Record<string, unknown>>
  /** In order: later ones build on what earlier ones published. */
  readonly cases: readonly ApiAnswerCase[]
}

export const apiAnswerTable: ApiAnswerTable = JSON.parse(
  readFileSync(new URL('./fixtures/api-answers.json', import.meta.url), 'utf8'),
)

export const apiAnswerCases: readonly ApiAnswerCase[] = apiAnswerTable.cases

/** A fresh server with the table's configuration; the API stands at `/api` and its key is `api-key`. */
export interface ApiServer {
  readonly port: number
  close(): Promise<void>
}

/** Holds any server to the recorded answers. The cases share one server and run in order. */
export const describeApiAnswers = (name: string, open: () => Promise<ApiServer>): void => {
  describe(`the server API of ${name} answers as ${apiAnswerTable.recordedFrom}`, () => {
    let server: ApiServer
    beforeAll(async () => {
      server = await open()
    })
    afterAll(() => server.close())

    for (const { name, request, answer, ours } of apiAnswerCases) {
      it(`${request.path}: ${name}${ours ? ` (ours: ${ours.why})` : ''}`, async () => {
        const { status, type, body } = ours ?? answer
        const actual = await send(server.port, request)
        expect({ ...actual, body: readable(actual.body) }).toEqual({ status, type, body: readable(body) })
      })
    }
  })
}

const send = (port: number, { method, path, headers, body }: ApiAnswerCase['request']): Promise<ApiAnswer> =>
  new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

/** JSON by line, as values; any other text as it is. */
const readable = (body: string): unknown => {
  if (!body.startsWith('{')) return body
  return body
    .split('\n')
    .map((line) => JSON.parse(line, (_key, value) => (value === '<any>' ? expect.anything() : value)))
}
