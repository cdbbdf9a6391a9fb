import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A command, a reply or a push. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every shape
type Message = any

/** A client over a real WebSocket that does what it is told, in JSON. */
export class SocketClient {
  /** Code the server ended the connection with; 1006 where it was cut off. */
  readonly closed: Promise<number>
  /** What came unasked, in order. */
  readonly pushes: Message[] = []
  answersPings = true
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (reply: Message) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {}) // A close follows.
    socket.on('message', (data: Buffer) => this.#read(data.toString()))
  }

  /** Throws where the handshake is refused. */
  static async open(port: number): Promise<SocketClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`)
    const client = new SocketClient(socket)
    await once(socket, 'open')
    return client
  }

  /** Sends a command and gives its reply, or the code of the end that came instead. */
  ask(command: Message): Promise<Message> {
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
      const message = JSON.parse(line)
      if (typeof message.id === 'number') this.#waiting.get(message.id)?.(message)
      else if (line !== '{}') this.pushes.push(message.push)
      else if (this.answersPings) this.sendText('{}')
    }
  }
}
