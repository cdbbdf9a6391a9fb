import { once } from 'node:events'
import { WebSocket } from 'ws'

type Message = Readonly<Record<string, unknown>>

/** A client over a real WebSocket that does what it is told and counts what it gets. */
export class SoakClient {
  /** Code the server ended the connection with; 1006 where it was cut off. */
  readonly closed: Promise<number>
  received = 0
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (reply: Message) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {}) // A close follows.
    socket.on('message', (data: Buffer) => this.#read(data.toString()))
  }

  static async open(port: number): Promise<SoakClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`)
    const client = new SoakClient(socket)
    await once(socket, 'open')
    return client
  }

  /** Sends a command and gives its reply, or the code of the end that came instead. */
  ask(command: Message): Promise<Message | number> {
    const id = ++this.#lastId
    const reply = new Promise<Message>((resolve) => this.#waiting.set(id, resolve))
    this.sendText(JSON.stringify({ id, ...command }))
    return Promise.race([reply, this.closed])
  }

  sendText(text: string): void {
    this.#socket.send(text)
  }

  /** Stops reading, so that what the server sends stays with the server. */
  stall(): void {
    this.#socket.pause()
  }

  leave(): void {
    this.#socket.close()
  }

  /** Is gone without a word. */
  vanish(): void {
    this.#socket.terminate()
  }

  #read(frame: string): void {
    for (const line of frame.split('\n')) {
      const message = JSON.parse(line) as Message
      this.received++
      if (typeof message.id === 'number') this.#waiting.get(message.id)?.(message)
      else if (line === '{}') this.sendText('{}')
    }
  }
}
