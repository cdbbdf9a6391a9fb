import type { ConnectionFacts } from '../tenancy.ts'
import type { ForwardableHeaders } from './forwarded-headers.ts'
import { HttpProxy, type NoAnswer } from './http-proxy.ts'
import type { ProxyOptions } from './proxy-options.ts'
import { commonMembers, type EventPayloads, encodeProxyRequest, type PlainMembers } from './proxy-request.ts'

/** One event, as its backend is told about it. */
export interface EventCall {
  readonly from: Pick<ConnectionFacts, 'client' | 'transport' | 'protocol'> & ForwardableHeaders
  /** Beside those that every event has. */
  readonly members: PlainMembers
  readonly payloads: EventPayloads
}

/** What makes one kind of event different from the others. */
export interface EventKind<Question, Answer> {
  describe(question: Question): EventCall
  /** The meaning of the body of an answer with status 200. */
  read(body: Buffer): Answer
  /** The meaning of getting none. */
  withoutAnswer(why: NoAnswer): Answer
}

/** Asks a backend about one kind of event. */
export class EventProxy<Question, Answer> {
  readonly #http: HttpProxy
  readonly #kind: EventKind<Question, Answer>

  constructor(options: ProxyOptions, kind: EventKind<Question, Answer>) {
    this.#http = new HttpProxy(options)
    this.#kind = kind
  }

  /** Never throws: whatever goes wrong has a meaning too. */
  async ask(question: Question): Promise<Answer> {
    const { from, members, payloads } = this.#kind.describe(question)
    const { options } = this.#http
    const body = encodeProxyRequest({ ...commonMembers(from, options), ...members }, payloads, options)
    const answer = body.ok ? await this.#http.post(body.value, from) : body
    return answer.ok ? this.#kind.read(answer.value) : this.#kind.withoutAnswer(answer.problem)
  }

  /** Closes kept connections, as soon as exchanges under way have ended. */
  close(): void {
    this.#http.close()
  }
}
