import { type ControlAddress, callControl } from '@xshathra/server'

/** What a customer's backend does: hands out tokens and publishes. Failures are {@link BackendRefused}. */
export interface Backend {
  token(userId: string): Promise<string>
  publish(channel: string, data: unknown): Promise<void>
}

/** The server said no, in words for people. */
export class BackendRefused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'BackendRefused'
    this.code = code
  }
}

/** A backend that has a server key and calls the HTTP API at `origin`, as customers do. */
export const createApiBackend = (origin: string, serverApiKey: string): Backend => {
  const call = async (endpoint: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${origin}/api/realtime/${endpoint}`, {
      method: 'POST',
      headers: { Authorization: `apikey ${serverApiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    const answer = (await response.json().catch(() => ({}))) as ApiAnswer
    if (response.ok) return answer
    throw new BackendRefused(
      answer.error?.code ?? `HTTP ${response.status}`,
      answer.error?.message ?? 'No reason was given.',
    )
  }
  return {
    token: async (userId) => String((await call('token', { userId })).token),
    publish: async (channel, data) => void (await call('publish', { channel, data })),
  }
}

type ApiAnswer = Record<string, unknown> & { readonly error?: { readonly code?: string; readonly message?: string } }

/** The operator of the running server, who needs no key. */
export const createControlBackend = (address: ControlAddress, projectId: string): Backend => {
  const call = async (action: string, input: object): Promise<unknown> => {
    const outcome = await callControl(address, action, { projectId, ...input })
    if (outcome.ok) return outcome.value
    throw new BackendRefused(outcome.problem.code, outcome.problem.message)
  }
  return {
    token: async (userId) => ((await call('token', { userId })) as { readonly token: string }).token,
    publish: async (channel, data) => void (await call('publish', { channel, data: JSON.stringify(data) })),
  }
}
