import http from 'node:http'
import https from 'node:https'
import { errors, failed, ok, type Result } from '@xshathra/protocol'
import type { Refusal } from '../tenancy.ts'
import { type ForwardableHeaders, forwardedHeaders } from './forwarded-headers.ts'
import type { ProxyOptions } from './proxy-options.ts'

/** Longest answer that is read; a longer one is a failure. */
const maxAnswerBytes = 1_048_576

/** Why there is no answer to read, and what a client that waits for one is told. */
export interface NoAnswer {
  readonly refusal: Refusal
  /** The backend said so itself, by a status that the options give a meaning to. */
  readonly isMeant: boolean
}

/** What an exchange came to, before anybody decides what it means. */
type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly body: Buffer }
  | { readonly kind: 'failed'; readonly detail: string; readonly isStaleSocket: boolean }

/**
 * One backend and the connections kept open to it. Answers never throw: whatever goes wrong is the refusal that the
 * client gets, error 100 (which SDKs try again) where the options say nothing else.
 */
export class HttpProxy {
  readonly #options: ProxyOptions
  readonly #url: URL
  readonly #agent: http.Agent
  readonly #request: typeof http.request
  #running = 0
  #isClosing = false

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#url = new URL(options.endpoint)
    const isSecure = this.#url.protocol === 'https:'
    this.#agent = new (isSecure ? https : http).Agent({ keepAlive: true })
    this.#request = isSecure ? https.request : http.request
  }

  get options(): ProxyOptions {
    return this.#options
  }

  /** Posts JSON text; the value is the body of an answer with status 200. */
  async post(body: Buffer, from: ForwardableHeaders): Promise<Result<Buffer, NoAnswer>> {
    const exchange = await this.#exchange(body, forwardedHeaders(this.#options, from))
    if (exchange.kind === 'answered' && exchange.status === 200) return ok(exchange.body)
    return failed(
      exchange.kind === 'answered'
        ? this.#meaningOf(exchange.status)
        : failure({ rule: 'proxy unreachable', detail: exchange.detail }),
    )
  }

  /** Closes kept connections, as soon as exchanges under way have ended. */
  close(): void {
    this.#isClosing = true
    this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (this.#isClosing && this.#running === 0) this.#agent.destroy()
  }

  async #exchange(body: Buffer, headers: http.OutgoingHttpHeaders): Promise<Exchange> {
    this.#running++
    try {
      const exchange = await this.#tryOnce(body, headers)
      // The backend may close a kept connection just as it is used; nothing was handled then, so once more is safe.
      return exchange.kind === 'failed' && exchange.isStaleSocket ? await this.#tryOnce(body, headers) : exchange
    } finally {
      this.#running--
      this.#closeWhenIdle()
    }
  }

  #tryOnce(body: Buffer, headers: http.OutgoingHttpHeaders): Promise<Exchange> {
    return new Promise((resolve) => {
      const request = this.#request(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...headers, 'content-length': body.length },
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      })
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isStaleSocket = request.reusedSocket && error.code === 'ECONNRESET'
        resolve({ kind: 'failed', detail: this.#explain(error), isStaleSocket })
      })
      request.on('response', (response) => {
        response.on('error', (error) => resolve({ kind: 'failed', detail: this.#explain(error), isStaleSocket: false }))
        readBody(response, (answer) => resolve({ kind: 'answered', status: response.statusCode ?? 0, body: answer }))
      })
      request.end(body)
    })
  }

  #meaningOf(status: number): NoAnswer {
    const rule = `proxy answered ${status}`
    const transform = this.#options.statusToCodeTransforms.find((candidate) => candidate.statusCode === status)
    if (transform?.toError !== undefined) {
      return { refusal: { kind: 'error', error: transform.toError, rule }, isMeant: true }
    }
    if (transform?.toDisconnect !== undefined) {
      return { refusal: { kind: 'disconnect', disconnect: transform.toDisconnect, rule }, isMeant: true }
    }
    return failure({ rule })
  }

  /** Errors of the network may name hosts and ports, never headers or bodies. */
  #explain(error: NodeJS.ErrnoException): string {
    if (error.code === 'ABORT_ERR') return `no answer within ${this.#options.timeoutMs} ms`
    return error.code ?? error.message
  }
}

const failure = (cause: { readonly rule: string; readonly detail?: string }): NoAnswer => ({
  refusal: { kind: 'error', error: errors.internal, ...cause },
  isMeant: false,
})

const readBody = (response: http.IncomingMessage, onBody: (body: Buffer) => void): void => {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxAnswerBytes) response.destroy(new Error(`the answer is longer than ${maxAnswerBytes} bytes`))
    else chunks.push(chunk)
  })
  response.on('end', () => onBody(Buffer.concat(chunks)))
}
