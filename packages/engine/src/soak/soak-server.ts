import { createHook } from 'node:async_hooks'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createBareEngine } from '../bare/bare-engine.ts'
import { loadConfig } from '../config/load-config.ts'

/** What a server holds after everything nobody refers to any more was collected. */
export interface Holdings {
  readonly heapBytes: number
  readonly residentBytes: number
  readonly timers: number
  readonly sockets: number
}

/** What the process says to its parent: its port once, then an answer to each message. */
export type SoakReport = { readonly port: number } | Holdings

/** Ids of resources that were made and not yet done with, also of those that do not keep the process alive. */
const living = { Timeout: new Set<number>(), TCPWRAP: new Set<number>() }

const kindOf = (type: string): Set<number> | undefined => (living as Record<string, Set<number>>)[type]

createHook({
  init: (id, type) => void kindOf(type)?.add(id),
  destroy(id) {
    for (const ids of Object.values(living)) ids.delete(id)
  },
}).enable()

/** Collects garbage, what finalizers let go of included. Needs `--expose-gc`. */
const collect = async (): Promise<void> => {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.()
    await turn()
  }
}

const holdings = async (): Promise<Holdings> => {
  await collect()
  const { heapUsed, rss } = process.memoryUsage()
  const { Timeout: timers, TCPWRAP: sockets } = living
  return { heapBytes: heapUsed, residentBytes: rss, timers: timers.size, sockets: sockets.size }
}

/**
 * A bare engine in a process of its own, for a test that watches what it holds over time. The configuration is its
 * argument, as JSON. It ends when its parent lets go of it.
 */
const serve = async (configuration: string): Promise<void> => {
  const config = loadConfig({ text: configuration, env: {} })
  if (!config.ok) throw new Error(JSON.stringify(config.problem))
  const engine = await createBareEngine({ config: config.value })
  const server = createServer({ keepAliveTimeout: 1_000 }, engine.handleRequest)
  server.on('upgrade', engine.handleUpgrade)
  process.on('message', () => void holdings().then((report: SoakReport) => process.send?.(report)))
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ port: (server.address() as AddressInfo).port } satisfies SoakReport)
  })
}

await serve(process.argv[2] ?? '{}')
