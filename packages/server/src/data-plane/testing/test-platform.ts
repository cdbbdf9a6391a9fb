import { type Broker, createEngineCore, createMemoryBroker, type EngineCore, type EngineEvent } from '@xshathra/engine'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import type { ProjectId } from '../../projects/project.ts'
import type { ProjectDirectory } from '../../projects/project-directory.ts'
import { followProjectChanges } from '../../tenancy/follow-project-changes.ts'
import { createMint, type Mint } from '../../tenancy/mint.ts'
import { createProjectTenancy, type ProjectTenancy } from '../../tenancy/project-tenancy.ts'
import { keyOf, MemoryDirectory } from '../../tenancy/testing/memory-directory.ts'
import { engineSecret, shippedOptions } from '../../tenancy/testing/shipped-options.ts'
import { StillClock } from '../../tenancy/testing/still-clock.ts'
import { TestClient } from '../../tenancy/testing/test-client.ts'
import { dataPlane } from '../data-plane.ts'

export const projectA: ProjectId = 'proj_01HF7YAT00AAAAAAAAAAAAAAAA'
export const projectB: ProjectId = 'proj_01HF7YAT00BBBBBBBBBBBBBBBB'

export interface Answered {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** The data plane over a whole engine core with two projects, without a network. */
export class TestPlatform<Directory extends ProjectDirectory = MemoryDirectory> {
  readonly app: FastifyInstance
  readonly core: EngineCore
  readonly directory: Directory
  readonly tenancy: ProjectTenancy
  readonly mint: Mint
  readonly clock: StillClock
  readonly events: EngineEvent[] = []
  /** What the engine says of itself. */
  ready = true

  constructor(core: EngineCore, directory: Directory, tenancy: ProjectTenancy, clock: StillClock) {
    this.core = core
    this.directory = directory
    this.tenancy = tenancy
    this.clock = clock
    this.mint = createMint({ tenancy, secret: engineSecret, clock })
    this.app = Fastify()
    core.events.on((event) => this.events.push(event))
    followProjectChanges(directory, core)
    this.app.register(dataPlane, {
      prefix: '/api/realtime',
      directory,
      tenancy,
      engine: {
        api: core.api,
        events: core.events,
        disconnectWhere: (...args) => core.disconnectWhere(...args),
        status: () => ({ kind: 'embedded', ready: this.ready }),
      },
      tokenSecret: engineSecret,
      realtimeUrl: () => 'ws://localhost:3001/realtime/connection/websocket',
      version: '0.0.0',
      clock,
    })
  }

  /** Calls as a project's backend. A string is a body as it is. */
  async call(path: string, body: unknown, id: ProjectId = projectA, more: InjectOptions = {}): Promise<Answered> {
    const { headers, ...rest } = more
    const response = await this.app.inject({
      method: 'POST',
      url: `/api/realtime${path}`,
      payload: typeof body === 'string' ? body : JSON.stringify(body),
      ...rest,
      headers: { 'content-type': 'application/json', authorization: `apikey ${keyOf('server', id)}`, ...headers },
    })
    return {
      status: response.statusCode,
      body: response.payload.startsWith('{') ? JSON.parse(response.payload) : undefined,
      text: response.payload,
      headers: response.headers,
    }
  }

  /** A connected client of a user. */
  async connect(user: string, id: ProjectId = projectA): Promise<TestClient> {
    const client = new TestClient(this.core)
    const token = this.mint.connectionToken(id, { userId: user, ttlSeconds: 900 })
    if (!token.ok) throw new Error('no token')
    await client.connect(token.value)
    return client
  }

  async close(): Promise<void> {
    await this.app.close()
    await this.core.close()
  }
}

type BrokerWrapper = (broker: Broker) => Broker

const asItIs: BrokerWrapper = (broker) => broker

/** `wrapBroker`: puts something between the engine and its memory broker. */
export const startTestPlatformOn = async <Directory extends ProjectDirectory>(
  directory: Directory,
  clock: StillClock,
  wrapBroker = asItIs,
): Promise<TestPlatform<Directory>> => {
  const tenancy = createProjectTenancy(shippedOptions(), { directory, clock })
  const core = await createEngineCore({
    tenancy,
    clock,
    version: '0.0.0',
    createBroker: (events) => wrapBroker(createMemoryBroker({ clock, events })),
  })
  return new TestPlatform(core, directory, tenancy, clock)
}

export const startTestPlatform = (wrapBroker = asItIs): Promise<TestPlatform> => {
  const directory = new MemoryDirectory()
  for (const id of [projectA, projectB]) directory.put(id)
  return startTestPlatformOn(directory, new StillClock(), wrapBroker)
}
