import { failed, ok, type Result } from '@xshathra/protocol'
import type { ControlAddress } from './control-file.ts'

/** What became of a call: an answer, a problem that the server told, or nobody there to ask. */
export type ControlOutcome = Result<
  unknown,
  { readonly code: string; readonly message: string; readonly field?: string }
>

/** No server answers at the address: it has stopped, or been killed, since the address was written. */
export class ServerNotReached extends Error {
  constructor(url: string, cause: unknown) {
    super(`No server answers at ${url}.`, { cause })
    this.name = 'ServerNotReached'
  }
}

/** A backup of a large database is the longest that anything takes. */
const timeoutMs = 120_000

/** Carries out an action in the running server. Throws {@link ServerNotReached}. */
export const callControl = async (
  { url, token }: ControlAddress,
  action: string,
  input: unknown,
): Promise<ControlOutcome> => {
  const response = await fetch(`${url}/api/control/${action}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new ServerNotReached(url, error)
  })
  const answer = (await response.json().catch(() => undefined)) as Answer | undefined
  if (answer === undefined) throw new ServerNotReached(url, new Error(`its answer was HTTP ${response.status}`))
  if (answer.error) return failed(answer.error)
  return ok(answer.result)
}

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly field?: string }
}
