import { once } from 'node:events'

// biome-ignore lint/suspicious/noExplicitAny: tests look into frames of every shape
type Frame = any

/** A socket without an SDK, for commands that no SDK would send. */
export class RawSocket {
  readonly closed: Promise<number>
  /** Everything that came and was no reply. */
  readonly pushes: Frame[] = []
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (frame: Frame) => void>()
  #lastId = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    this.closed = once(socket, 'close').then(([event]) => event.code as number)
    socket.addEventListener('message', ({ data }) => {
      for (const line of String(data).split('\n')) this.#take(JSON.parse(line))
    })
  }

  static async open(url: string, connect: object): Promise<{ socket: RawSocket; answer: Frame }> {
    const plain = new WebSocket(url, 'centrifuge-json')
    const socket = new RawSocket(plain)
    await once(plain, 'open')
    return { socket, answer: await socket.command({ connect }) }
  }

  /** Sends a command and waits for its reply, or for the end: `{closed: code}`. */
  command(command: object): Promise<Frame> {
    this.#lastId += 1
    const id = this.#lastId
    const replied = new Promise((resolve) => this.#waiting.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, ...command }))
    return Promise.race([replied, this.closed.then((code) => ({ closed: code }))])
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  close(): void {
    this.#socket.close()
  }

  #take(frame: Frame): void {
    if (frame.id === undefined) {
      if (frame.push) this.pushes.push(frame.push)
      else this.#socket.send('{}')
      return
    }
    this.#waiting.get(frame.id)?.(frame)
    this.#waiting.delete(frame.id)
  }
}
