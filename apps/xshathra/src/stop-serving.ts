import type { Server } from 'node:http'

/** What has to be closed, and who may cut it short. */
export interface Stopping {
  readonly server: Server
  /** Disconnects everybody, drains, closes stores. */
  readonly closeEngine: () => Promise<void>
  /** Resolves when somebody does not want to wait. */
  readonly insisted: Promise<void>
  /** After this, whatever is still open is left to the end of the process. */
  readonly deadlineMs: number
}

/** `closed`: nothing is open any more. The other two: something still is. */
export type StopOutcome = 'closed' | 'insisted' | 'late'

/** What the program ends with. */
export const stopExitCodes = { closed: 0, insisted: 1, late: 1 } as const satisfies Record<StopOutcome, number>

/** Stops in the reverse order of starting: no new connections, everybody told to go, stores last. */
export const stopServing = async ({ server, closeEngine, insisted, deadlineMs }: Stopping): Promise<StopOutcome> => {
  const deadline = Promise.withResolvers<StopOutcome>()
  const timer = setTimeout(() => deadline.resolve('late'), deadlineMs)
  try {
    return await Promise.race([
      closeAll(server, closeEngine).then((): StopOutcome => 'closed'),
      insisted.then((): StopOutcome => 'insisted'),
      deadline.promise,
    ])
  } finally {
    clearTimeout(timer)
  }
}

const closeAll = async (server: Server, closeEngine: () => Promise<void>): Promise<void> => {
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closeEngine()
  // Requests that are still running now have nobody left to answer them. Upgraded sockets are the engine's, and gone.
  server.closeAllConnections()
  await closed.promise
}
