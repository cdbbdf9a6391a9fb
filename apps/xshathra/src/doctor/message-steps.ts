import { randomBytes } from 'node:crypto'
import { failed, ok } from '@xshathra/protocol'
import type { Centrifuge, Subscription } from 'centrifuge'
import { type Backend, BackendRefused } from '../outside/backend.ts'
import { connect, createClient } from '../outside/open-client.ts'
import { type Finding, type StepResult, Walk } from './walk.ts'

const timeoutMs = 10_000
const userId = 'xshathra-doctor'

/** Walks the way of a message: token, connection, subscription, publication, arrival. */
export const checkMessages = async (origin: string, backend: Backend): Promise<readonly Finding[]> => {
  const walk = new Walk()
  let token = ''
  await walk.step('token', async () => {
    const minted = await backend.token(userId).catch(refusalOf)
    if (typeof minted !== 'string') return failed(minted)
    token = minted
    return ok('minted')
  })
  const client = createClient(origin, { token })
  const channel = `public:xshathra-doctor-${randomBytes(6).toString('hex')}`
  const subscription = client.newSubscription(channel)
  await walk.step('connect', () => connectOrExplain(client))
  await walk.step('subscribe', () => subscribeOrExplain(subscription))
  await walk.step('publish', () => publishAndWait(backend, subscription))
  client.disconnect()
  return walk.findings
}

const cures: Readonly<Record<string, string>> = {
  invalid_api_key: 'Set XSHATHRA_SERVER_API_KEY to the whole server key of a project that is not archived.',
  unknown_host: 'Set XSHATHRA_PUBLIC_URL of the server to this origin.',
  unknown_namespace: 'The doctor uses the namespace "public": keep it in centrifugo/config.json.',
}

/** What a backend was told, and what it can do about it. Anything else that is thrown goes on. */
const refusalOf = (error: unknown) => {
  if (!(error instanceof BackendRefused)) throw error
  return { detail: error.message, cure: cures[error.code] ?? 'The message says what is wrong.' }
}

const connectOrExplain = async (client: Centrifuge): Promise<StepResult> => {
  const startedAtMs = performance.now()
  try {
    await connect(client, timeoutMs)
    return ok(`within ${millisecondsSince(startedAtMs)}`)
  } catch (error) {
    const cure =
      'With 3500 the token is not believed: compare the engine secrets of all servers. With 3507, the origins.'
    return failed({ detail: (error as Error).message, cure })
  }
}

const subscribeOrExplain = async (subscription: Subscription): Promise<StepResult> => {
  subscription.subscribe()
  try {
    await subscription.ready(timeoutMs)
    return ok('to a channel of its own in "public"')
  } catch (error) {
    const cure =
      'Let "xshathra explain action" say which rule refuses it; a locked namespace wants a subscription token.'
    return failed({ detail: (error as Error).message, cure })
  }
}

/** Publishes as a backend does and waits until it arrives over the socket. */
const publishAndWait = async (backend: Backend, subscription: Subscription): Promise<StepResult> => {
  const arrival = Promise.withResolvers<void>()
  const timer = setTimeout(() => arrival.reject(new Error('nothing arrived')), timeoutMs)
  subscription.once('publication', () => arrival.resolve())
  const startedAtMs = performance.now()
  try {
    await Promise.all([backend.publish(subscription.channel, { from: userId }), arrival.promise])
    return ok(`arrived after ${millisecondsSince(startedAtMs)}`)
  } catch (error) {
    if (error instanceof BackendRefused) return failed(refusalOf(error))
    const cure = 'It was taken and not delivered: a proxy may hold the socket back, or another server took it.'
    return failed({ detail: (error as Error).message, cure })
  } finally {
    clearTimeout(timer)
  }
}

const millisecondsSince = (startedAtMs: number): string => `${(performance.now() - startedAtMs).toFixed(1)} ms`
