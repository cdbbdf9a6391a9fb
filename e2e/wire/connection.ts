import { Inbox, type Item } from './arrivals.ts'

/** A Centrifuge command: `{id, connect: …}` and so on; nothing checks it on this side. */
export type Command = { readonly [key: string]: unknown }

/** Bytes that end an exchange: a command that every configuration answers at once and that changes nothing. */
const BARRIER_ID = 4_294_967_295
const barrier: Command = { id: BARRIER_ID, rpc: { method: 'barrier' } }

/**
 * A client without manners: it sends exactly what a test says and writes down everything that comes back.
 * Pings are counted and answered, and do not appear among the items.
 */
export abstract class Connection {
  /** What came back and was not looked at yet. */
  readonly inbox = new Inbox()
  /** Id that the connect reply gave. */
  client = ''
  pings = 0
  answersPings = true
  #pinged = Promise.withResolvers<void>()
  #nextId = 1

  /** Sends these commands in one frame or request body. */
  abstract send(...commands: Command[]): void

  /** Gives up from this side. */
  abstract close(): void

  /** Sends the connect command and answers its reply, or the close that came instead. */
  async connect(request: Command = {}): Promise<Item> {
    const [reply] = await this.exchangeBare({ id: this.#nextId++, connect: request })
    this.noteConnect(reply!)
    return reply!
  }

  /**
   * Sends commands in one frame and answers everything that arrives until the server has handled them all: replies and
   * pushes in their order, and the close if there is one. Needs an accepted connection.
   */
  async exchange(...commands: Command[]): Promise<Item[]> {
    if (commands.length > 0) this.send(...commands)
    const items = await this.#replies(commands)
    if (items.some((item) => 'close' in item)) return items
    this.send(barrier)
    const rest = await this.inbox.takeUntil(({ id }) => id === BARRIER_ID)
    return [...items, ...rest.filter(({ id }) => id !== BARRIER_ID)]
  }

  /** Everything up to the last reply: a server may go on reading while it closes, so no barrier before that. */
  async #replies(commands: readonly Command[]): Promise<Item[]> {
    const waiting = new Set<unknown>(commands.map(({ id }) => id).filter((id) => id !== undefined))
    if (waiting.size === 0) return []
    return this.inbox.takeUntil((item) => {
      waiting.delete(item.id)
      return waiting.size === 0
    })
  }

  /** Sends commands in one frame and answers as many items as there are commands. */
  async exchangeBare(...commands: Command[]): Promise<Item[]> {
    this.send(...commands)
    return this.inbox.take(commands.length)
  }

  /** Sends one command with an id of its own and answers its reply without the id; pushes before it stay away. */
  async ask(command: Command): Promise<Item> {
    const id = ++this.#nextId + 100
    this.send({ id, ...command })
    const items = await this.inbox.takeUntil((item) => item.id === id)
    const { id: _, ...reply } = items.at(-1)!
    return reply
  }

  /** What has come since the last look, after everything under way has come. */
  async received(): Promise<Item[]> {
    return this.exchange()
  }

  /** Waits for the close and answers everything up to it. */
  async untilClosed(patienceMs?: number): Promise<Item[]> {
    return this.inbox.takeUntil(() => false, patienceMs)
  }

  /** Resolves at the next ping. */
  async nextPing(): Promise<void> {
    await this.#pinged.promise
  }

  protected abstract sendPong(): void

  protected receive(item: Item): void {
    if (Object.keys(item).length > 0) {
      this.inbox.add(item)
      return
    }
    this.pings++
    this.#pinged.resolve()
    this.#pinged = Promise.withResolvers()
    if (this.answersPings) this.sendPong()
  }

  protected noteConnect(item: Item): void {
    const result = (item.connect ?? {}) as { client?: string }
    this.client = result.client ?? ''
  }
}
