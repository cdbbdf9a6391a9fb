/**
 * What stands in for bench/c/loadgen.c where it cannot be built: the same flags, the same line of JSON at the end. It
 * costs as much as a server does, so its figures say that something works and roughly how fast, no more.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const text = (usual: string) => ({ type: 'string', default: usual }) as const
const flag = { type: 'boolean', default: false } as const

const { values: options } = parseArgs({
  options: {
    port: text('8000'),
    pids: text(''),
    path: text('/connection/websocket'),
    api: text('/api'),
    auth: text(''),
    n: text('1000'),
    channels: text('1'),
    'channel-prefix': text('bench'),
    publishers: text('0'),
    rate: text('0'),
    batch: text('1'),
    'warm-up': text('1'),
    'warm-up-rate': text('0'),
    seconds: text('5'),
    sample: text('50'),
    storm: text('0'),
    concurrency: text('200'),
    tokens: text(''),
    recover: text(''),
    pub: flag,
    idle: flag,
    check: flag,
    mint: flag,
  },
})

const [port, n, channels, batch] = [options.port, options.n, options.channels, options.batch].map(Number) as [
  number,
  number,
  number,
  number,
]
const prefix = options['channel-prefix']
const tokens = options.tokens === '' ? [] : readFileSync(options.tokens, 'utf8').trim().split('\n')
/** Where each channel's subscribers recover from, and where its stream ends. */
const places = options.recover === '' ? [] : readFileSync(options.recover, 'utf8').trim().split('\n').map(readPlace)

interface Place {
  readonly offset: number
  readonly epoch: string
  readonly top: number
}

function readPlace(line: string): Place {
  const [offset, epoch = '', top] = line.split(' ')
  return { offset: Number(offset), epoch, top: Number(top) }
}

interface Message {
  readonly id?: number
  readonly error?: unknown
  readonly subscribe?: { readonly recovered?: boolean; readonly publications?: readonly { readonly offset: number }[] }
  readonly push?: { readonly pub?: { readonly offset?: number; readonly data: { readonly t?: string } } }
}

const counted = { messages: 0, requests: 0, recovered: 0, lost: 0, latenciesUs: [] as number[] }

const nowUs = () => Math.round(performance.now() * 1000)
const payload = () => ({ t: String(nowUs()).padStart(20, '0'), p: 'x'.repeat(94) })

const fail = (what: string): never => {
  console.error(what)
  process.exit(1)
}

/** One connection with one subscription. */
class Subscriber {
  readonly #index: number
  readonly #socket = new WebSocket(`ws://127.0.0.1:${port}${options.path}`)
  #onReady: () => void = () => {}
  #isClosing = false
  #lastOffset = 0
  #publishedUs = 0

  constructor(index: number) {
    this.#index = index
  }

  get #channel(): number {
    return this.#index % channels
  }

  /** Connects and subscribes. */
  open(): Promise<void> {
    const socket = this.#socket
    const token = tokens[this.#index % tokens.length]
    socket.onopen = () => this.#say({ id: 1, connect: token === undefined ? {} : { token } })
    socket.onmessage = ({ data }) => this.#onText(String(data))
    socket.onclose = () => {
      if (!this.#isClosing) counted.lost++
    }
    return new Promise((resolve) => {
      this.#onReady = resolve
    })
  }

  close(): void {
    this.#isClosing = true
    this.#socket.close()
  }

  publish(): void {
    this.#publishedUs = nowUs()
    this.#say({ id: 9, publish: { channel: `${prefix}${this.#channel}`, data: payload() } })
  }

  #say(command: object): void {
    this.#socket.send(JSON.stringify(command))
  }

  #onText(frame: string): void {
    for (const line of frame.split('\n')) {
      if (line === '{}') this.#say({})
      else if (line !== '') this.#onMessage(JSON.parse(line) as Message)
    }
  }

  #onMessage({ id, error, subscribe, push }: Message): void {
    if (error !== undefined) fail(`error reply: ${JSON.stringify(error)}`)
    if (id === 1) this.#subscribe()
    else if (subscribe) this.#onSubscribed(subscribe)
    else if (id === 9) this.#onPublished()
    else if (push?.pub) this.#onPublication(push.pub)
  }

  #subscribe(): void {
    const place = places[this.#channel]
    const recovery = place && { recover: true, offset: place.offset, epoch: place.epoch }
    this.#say({ id: 2, subscribe: { channel: `${prefix}${this.#channel}`, ...recovery } })
  }

  #onSubscribed({ recovered, publications = [] }: NonNullable<Message['subscribe']>): void {
    const place = places[this.#channel]
    if (place) {
      const isWhole = publications.every(({ offset }, at) => offset === place.offset + 1 + at)
      if (!recovered || !isWhole || publications.length !== place.top - place.offset)
        fail('a gap in what was recovered')
      counted.recovered += publications.length
    }
    this.#onReady()
  }

  #onPublished(): void {
    counted.messages++
    counted.latenciesUs.push(nowUs() - this.#publishedUs)
    this.publish()
  }

  #onPublication({ offset = 0, data }: { readonly offset?: number; readonly data: { readonly t?: string } }): void {
    if (options.pub) return
    counted.messages++
    if (options.check && this.#lastOffset > 0 && offset !== this.#lastOffset + 1)
      fail('a gap or a repeat in the stream')
    this.#lastOffset = offset
    if (this.#index % Number(options.sample) === 0) counted.latenciesUs.push(nowUs() - Number(data.t))
  }
}

// ── HTTP publishers ─────────────────────────────────────────────────────────────────────────────────────────────

const agent = new Agent({ keepAlive: true, maxSockets: Number(options.publishers) || 1 })
const [authName = '', authValue = ''] = options.auth.split(': ')
const headers = { 'Content-Type': 'application/json', ...(authName === '' ? {} : { [authName]: authValue }) }
let nextChannel = 0
let nextUser = 0
/** Aborted when the window is over. */
const over = new AbortController()

const publishRequest = () => ({ channel: `${prefix}${nextChannel++ % channels}`, data: payload() })

/** One publish request, or one batch of them; with `--mint` the request for one user's token. */
const nextRequest = (): readonly [method: string, body: object] => {
  if (options.mint) return ['token', { userId: `user_${nextUser++ % 100_000}` }]
  if (batch === 1) return ['publish', publishRequest()]
  return ['batch', { commands: Array.from({ length: batch }, () => ({ publish: publishRequest() })) }]
}

const sendRequest = (): Promise<void> =>
  new Promise((resolve) => {
    const [method, body] = nextRequest()
    const path = `${options.api}/${method}`
    const startedUs = nowUs()
    const request = httpRequest({ agent, headers, port, host: '127.0.0.1', method: 'POST', path })
    request.on('response', (response) => {
      response.resume().on('end', () => {
        if (response.statusCode !== 200) fail(`request answered ${response.statusCode}`)
        counted.requests++
        if (n === 0) counted.latenciesUs.push(nowUs() - startedUs)
        resolve()
      })
    })
    request.on('error', (error) => over.signal.aborted || fail(error.message))
    request.end(JSON.stringify(body))
  })

const publishWithoutPause = async (): Promise<void> => {
  while (!over.signal.aborted) await sendRequest()
}

/** Until it is told to stop. */
const publishAtRate = async (perSecond: number, signal: AbortSignal): Promise<void> => {
  const startedMs = performance.now()
  for (let sent = 0; !signal.aborted; await delay(1)) {
    const due = (((performance.now() - startedMs) / 1000) * perSecond) / batch
    for (; sent < due; sent++) void sendRequest()
  }
}

// ── the run ─────────────────────────────────────────────────────────────────────────────────────────────────────

const pids = options.pids.split(',').filter((pid) => pid !== '')

/** CPU of the server, all threads. Linux counts it in hundredths of a second, and so does `ps` elsewhere. */
const serverCpuS = (): number => {
  const cpuOf = (pid: string): number => {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    }
    const time = execFileSync('ps', ['-o', 'time=', '-p', pid], { encoding: 'utf8' })
    return time.split(':').reduce((total, part) => total * 60 + Number(part), 0)
  }
  return pids.reduce((total, pid) => total + cpuOf(pid), 0)
}

const serverRssMb = (): number =>
  pids.reduce((total, pid) => total + Number(execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' })), 0) /
  1024

/** Runs `count` pieces of work, so many of them at a time. */
const inParallel = async (count: number, width: number, work: (index: number) => Promise<void>): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}

const percentiles = () => {
  const sorted = counted.latenciesUs.sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return { p50Us: at(0.5), p99Us: at(0.99) }
}

const storm = async (count: number): Promise<object> => {
  const cpuBefore = serverCpuS()
  const startedMs = performance.now()
  await inParallel(count, Number(options.concurrency), async (index) => {
    const startedUs = nowUs()
    const subscriber = new Subscriber(index)
    await subscriber.open()
    counted.latenciesUs.push(nowUs() - startedUs)
    subscriber.close()
  })
  const seconds = (performance.now() - startedMs) / 1000
  const cpuUs = ((serverCpuS() - cpuBefore) / count) * 1e6
  return { connects: count, seconds, perSecond: count / seconds, cpuUs, ...percentiles() }
}

const openAll = async (): Promise<readonly Subscriber[]> => {
  const subscribers = Array.from({ length: n }, () => undefined as Subscriber | undefined)
  await inParallel(n, 200, (index) => {
    const subscriber = new Subscriber(index)
    subscribers[index] = subscriber
    return subscriber.open()
  })
  return subscribers.filter((subscriber) => subscriber !== undefined)
}

const idle = async (): Promise<object> => {
  const rssBeforeMb = serverRssMb()
  const cpuBefore = serverCpuS()
  const startedMs = performance.now()
  await openAll()
  const setupS = (performance.now() - startedMs) / 1000
  const setupCpuUs = ((serverCpuS() - cpuBefore) / n) * 1e6
  await delay(Number(options.seconds) * 1000)
  const rssMb = serverRssMb()
  const kbEach = ((rssMb - rssBeforeMb) * 1024) / n
  return { n, rssBeforeMb, rssMb, kbEach, setupS, setupCpuUs, recovered: counted.recovered, lost: counted.lost }
}

const window = async (): Promise<object> => {
  const subscribers = await openAll()
  const rate = Number(options.rate)
  if (options.pub) for (const subscriber of subscribers) subscriber.publish()
  const warmUp = new AbortController()
  if (rate > 0) void publishAtRate(Number(options['warm-up-rate']) || rate, warmUp.signal)
  else for (let i = 0; i < Number(options.publishers); i++) void publishWithoutPause()
  await delay(Number(options['warm-up']) * 1000)
  warmUp.abort()
  if (rate > 0) void publishAtRate(rate, over.signal)

  counted.latenciesUs = []
  const before = { ...counted, cpuS: serverCpuS(), ms: performance.now() }
  await delay(Number(options.seconds) * 1000)
  const cpuUs = (serverCpuS() - before.cpuS) * 1e6
  const seconds = (performance.now() - before.ms) / 1000
  const delivered = counted.messages - before.messages
  const requests = counted.requests - before.requests
  return {
    n,
    seconds,
    delivered,
    perSecond: delivered / seconds,
    requests,
    requestsPerSecond: requests / seconds,
    cpuUsPerMessage: delivered === 0 ? 0 : cpuUs / delivered,
    cpuUsPerRequest: requests === 0 ? 0 : cpuUs / requests,
    ...percentiles(),
    rssMb: serverRssMb(),
    lost: counted.lost,
  }
}

const stormSize = Number(options.storm)
const report = stormSize > 0 ? await storm(stormSize) : options.idle ? await idle() : await window()
over.abort()
console.log(JSON.stringify(report))
process.exit(counted.lost === 0 ? 0 : 1)
