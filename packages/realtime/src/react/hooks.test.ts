// @vitest-environment happy-dom
import { createElement, type ReactNode, StrictMode, useEffect, useState, version } from 'react'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { defineChannels } from '../channels/define-channels.ts'
import { RealtimeProvider, useChannel, useConnectionState, useHistory, usePresence, usePublish } from '../react.ts'
import { createTestServer } from '../testing/memory-server.ts'
import type { TestServer } from '../testing/test-server.ts'

const openServer = async (): Promise<TestServer> => {
  const server = await createTestServer()
  onTestFinished(() => server.close())
  return server
}

/** Mounts in StrictMode below a provider whose `getToken` is another function at each render. */
const mount = (server: TestServer, render: () => ReactNode, user = 'ada') => {
  const container = document.createElement('div')
  const root = createRoot(container)
  const Component = () => render()
  const show = () =>
    root.render(
      createElement(
        StrictMode,
        null,
        createElement(
          RealtimeProvider,
          { url: server.url, websocket: server.WebSocket, getToken: () => server.token(user) },
          createElement(Component),
        ),
      ),
    )
  show()
  onTestFinished(() => root.unmount())
  return { container, show, unmount: () => root.unmount() }
}

const shows = (container: Element, text: string) =>
  expect.poll(() => container.textContent, { timeout: 5000, interval: 5 }).toBe(text)

const gone = (server: TestServer) => server.until(() => server.connections().length === 0)

it('is tested with the React that was asked for', () => {
  expect(version).toMatch(new RegExp(`^${process.env.EXPECTED_REACT ?? '19'}\\.`))
})

describe('useChannel', () => {
  it('hands each message over once, also where effects run twice', async () => {
    const server = await openServer()
    const received: unknown[] = []
    const { container } = mount(server, () => {
      const { status } = useChannel('chat:room:7', { onMessage: (message) => received.push(message) })
      return status.state
    })
    await shows(container, 'live')
    expect(server.connections()).toHaveLength(1)
    await server.publish('chat:room:7', 1)
    await server.publish('chat:room:7', 2)
    await expect.poll(() => received).toEqual([1, 2])
  })

  it('goes with its component, and the connection with the last', async () => {
    const server = await openServer()
    const { container, unmount } = mount(server, () => String(useChannel('chat:room:7').isLive))
    await shows(container, 'true')
    unmount()
    await gone(server)
  })

  it('calls the handler of the last render', async () => {
    const server = await openServer()
    const received: string[] = []
    let step: (n: number) => void = () => {}
    const { container } = mount(server, () => {
      const [n, setN] = useState(0)
      step = setN
      const { isLive } = useChannel('chat:room:7', { onMessage: (message) => received.push(`${n}:${message}`) })
      return `${n} ${isLive}`
    })
    await shows(container, '0 true')
    step(1)
    await shows(container, '1 true')
    await server.publish('chat:room:7', 'x')
    await expect.poll(() => received).toEqual(['1:x'])
    expect(server.connections()).toHaveLength(1)
  })

  it('does not render again for messages, nor where nothing changed', async () => {
    const server = await openServer()
    let commits = 0
    const received: unknown[] = []
    const { container } = mount(server, () => {
      const { isLive } = useChannel('chat:room:7', { onMessage: (message) => received.push(message) })
      useEffect(() => {
        commits++
      })
      return String(isLive)
    })
    await shows(container, 'true')
    const before = commits
    for (let n = 0; n < 20; n++) await server.publish('chat:room:7', n)
    await expect.poll(() => received.length).toBe(20)
    expect(commits).toBe(before)
  })

  it('follows another channel, and stays away while it is not enabled', async () => {
    const server = await openServer()
    let go: (channel: string | undefined) => void = () => {}
    const { container } = mount(server, () => {
      const [channel, setChannel] = useState<string | undefined>()
      go = setChannel
      const { status } = useChannel(channel ?? 'chat:none', { enabled: channel !== undefined })
      return `${channel} ${status.state}`
    })
    await shows(container, 'undefined off')
    go('chat:room:7')
    await shows(container, 'chat:room:7 live')
    go('chat:room:8')
    await shows(container, 'chat:room:8 live')
    await server.until(() => server.subscribers('chat:room:7').length === 0)
    expect(server.subscribers('chat:room:8')).toEqual(['ada'])
  })

  it('checks messages of a typed channel that is made anew at each render', async () => {
    const server = await openServer()
    const channels = defineChannels({ room: { channel: 'chat:room:{id}', message: z.object({ text: z.string() }) } })
    const texts: string[] = []
    const problems: string[] = []
    const { container } = mount(server, () => {
      const { isLive } = useChannel(channels.room({ id: 7 }), {
        onMessage: ({ text }) => texts.push(text),
        onError: ({ code }) => problems.push(code),
      })
      return String(isLive)
    })
    await shows(container, 'true')
    await server.publish('chat:room:7', { text: 5 })
    await server.publish(channels.room({ id: 7 }), { text: 'hello' })
    await expect.poll(() => texts).toEqual(['hello'])
    expect(problems).toEqual(['invalid_message'])
  })
})

describe('usePresence', () => {
  it('shows who is there, and who comes and goes', async () => {
    const server = await openServer()
    const { container } = mount(server, () => {
      const { userIds, isKnown } = usePresence('chat:room:7')
      return isKnown ? userIds.toSorted().join() : '?'
    })
    await shows(container, 'ada')
    const other = mount(server, () => useChannel('chat:room:7').status.state, 'grace')
    await shows(container, 'ada,grace')
    other.unmount()
    await shows(container, 'ada')
  })
})

describe('useHistory', () => {
  const texts = (messages: readonly { readonly data: unknown }[]) => messages.map(({ data }) => data).join()

  it('joins pages and what arrives live into one list', async () => {
    const server = await openServer()
    for (let n = 1; n <= 5; n++) await server.publish('chat:room:7', n)
    let older: () => Promise<void> = async () => {}
    const { container } = mount(server, () => {
      const { messages, hasOlder, loadOlder } = useHistory('chat:room:7', { pageSize: 2 })
      older = loadOlder
      return `${texts(messages)} ${hasOlder}`
    })
    await shows(container, '4,5 true')
    await server.publish('chat:room:7', 6)
    await shows(container, '4,5,6 true')
    await Promise.all([older(), older()])
    await shows(container, '2,3,4,5,6 true')
    await older()
    await shows(container, '1,2,3,4,5,6 false')
  })

  it('goes on after a lost connection without a repeat, and starts anew after a gap', async () => {
    const server = await openServer()
    await server.publish('chat:room:7', 1)
    const { container } = mount(server, () => texts(useHistory('chat:room:7').messages))
    await shows(container, '1')
    server.dropConnections()
    await server.publish('chat:room:7', 2)
    await shows(container, '1,2')
    await server.makeGap('chat:room:7')
    await server.publish('chat:room:7', 4)
    await shows(container, '4')
  })

  it('keeps no more than it was told to', async () => {
    const server = await openServer()
    const { container } = mount(server, () => texts(useHistory('chat:room:7', { maxMessages: 3 }).messages))
    await server.until(() => server.subscribers('chat:room:7').length === 1)
    for (let n = 1; n <= 5; n++) await server.publish('chat:room:7', n)
    await shows(container, '3,4,5')
  })

  it('says why there is none', async () => {
    const server = await openServer()
    const { container } = mount(server, () => String(useHistory('public:x').problem?.code))
    await shows(container, 'not_available')
  })
})

describe('useConnectionState and usePublish', () => {
  it('show the connection, and publish where it is allowed', async () => {
    const server = await openServer()
    let publish: (data: unknown) => Promise<void> = async () => {}
    const { container } = mount(server, () => {
      publish = usePublish('proto:x')
      return useConnectionState()
    })
    await shows(container, 'connected')
    await publish({ n: 1 })
    expect(server.published('proto:x')).toMatchObject([{ data: { n: 1 } }])
    server.goOffline()
    await shows(container, 'offline')
    server.goOnline()
    await shows(container, 'connected')
  })
})

describe('on a server', () => {
  it('renders without connecting', async () => {
    const server = await openServer()
    const Page = () => {
      const { status } = useChannel('chat:room:7')
      const { messages } = useHistory('chat:room:7')
      return `${status.state} ${useConnectionState()} ${messages.length}`
    }
    const page = createElement(RealtimeProvider, { url: server.url, websocket: server.WebSocket }, createElement(Page))
    expect(renderToString(page)).toBe('connecting connecting 0')
    expect(server.connections()).toEqual([])
  })

  it('says what is missing where there is no provider', () => {
    const Page = () => useChannel('chat:room:7').status.state
    expect(() => renderToString(createElement(Page))).toThrow('needs a <RealtimeProvider> above it')
  })
})
