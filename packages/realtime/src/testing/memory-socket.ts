/** The half of a connection that stands with the client. */
export interface LinkEnd {
  onMessage(text: string): void
  onClosed(code: number, reason: string): void
}

/** The way out of a socket that is open. */
export interface OpenLink {
  send(text: string): void
  leave(): void
}

type Handler<Event> = ((event: Event) => void) | null

/** What client libraries use of the WebSocket API. */
export interface MemorySocket {
  readonly url: string
  readonly readyState: number
  onopen: Handler<object>
  onmessage: Handler<{ readonly data: string }>
  onerror: Handler<object>
  onclose: Handler<{ readonly code: number; readonly reason: string }>
  send(text: string): void
  close(): void
}

const connecting = 0
const open = 1
const closed = 3

/** Makes a class to use in place of WebSocket. `dial` opens a link, or gives nothing where nobody answers. */
export const createSocketClass = (dial: (end: LinkEnd) => OpenLink | undefined): (new (url: string) => MemorySocket) =>
  class implements MemorySocket, LinkEnd {
    readonly url: string
    readyState = connecting
    onopen: Handler<object> = null
    onmessage: Handler<{ readonly data: string }> = null
    onerror: Handler<object> = null
    onclose: Handler<{ readonly code: number; readonly reason: string }> = null
    #link: OpenLink | undefined

    constructor(url: string) {
      this.url = url
      queueMicrotask(() => this.#dial())
    }

    send(text: string): void {
      this.#link?.send(text)
    }

    close(): void {
      if (this.readyState === closed) return
      if (this.#link === undefined) queueMicrotask(() => this.onClosed(1006, ''))
      else this.#link.leave()
    }

    onMessage(data: string): void {
      if (this.readyState === open) this.onmessage?.({ data })
    }

    onClosed(code: number, reason: string): void {
      if (this.readyState === closed) return
      this.readyState = closed
      this.onclose?.({ code, reason })
    }

    #dial(): void {
      if (this.readyState === closed) return
      this.#link = dial(this)
      if (this.#link === undefined) {
        this.onerror?.({})
        this.onClosed(1006, '')
        return
      }
      this.readyState = open
      this.onopen?.({})
    }
  }
