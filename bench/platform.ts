import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { LoadOptions } from './load.ts'
import { type RunningServer, serverEnvironment } from './servers.ts'

/** The platform with a project of its own for the load. */
export interface RunningPlatform extends RunningServer {
  /** Where the doors of the platform are, and the project's key. */
  readonly doors: Required<Pick<LoadOptions, 'path' | 'api' | 'auth'>>
  /** Connection tokens of users 1 to `count`, as a backend asks for them, one a line. */
  mintTokens(count: number): Promise<string>
}

/** How the platform was started: the commands of users find it by the same settings. */
export interface PlatformInstallation {
  /** Path of the program. */
  readonly xshathra: string
  readonly settings: NodeJS.ProcessEnv
}

/** Nothing is refused for its rate, however fast the machine is. */
const unlimited = '--quota=publishesPerSecond=1000000'

/** Makes a project in a running platform. */
export const openProject = async (
  server: RunningServer,
  { xshathra, settings }: PlatformInstallation,
): Promise<RunningPlatform> => {
  const env = { ...serverEnvironment(), ...settings }
  const run = async (...args: readonly string[]) => (await promisify(execFile)(xshathra, args, { env })).stdout
  const created = await run('project', 'create', 'Bench', '--json')
  const { projectId, serverApiKey } = JSON.parse(created) as { projectId: string; serverApiKey: string }
  await run('project', 'set', projectId, unlimited)
  const api = '/api/realtime'
  const authorization = `apikey ${serverApiKey}`

  const mint = async (user: number): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${api}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: authorization },
      body: JSON.stringify({ userId: String(user) }),
    })
    const { token } = (await response.json()) as { token?: string }
    if (token === undefined) throw new Error(`a token was refused with status ${response.status}`)
    return token
  }

  return {
    ...server,
    doors: { path: '/realtime/connection/websocket', api, auth: `Authorization: ${authorization}` },
    async mintTokens(count) {
      const tokens: string[] = []
      for (let user = 1; user <= count; user++) tokens.push(await mint(user))
      return `${tokens.join('\n')}\n`
    },
  }
}
