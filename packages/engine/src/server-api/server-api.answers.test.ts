import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMemoryBroker } from '../broker/memory-broker.ts'
import { systemClock } from '../clock.ts'
import { createEngineCore } from '../embedded/engine-core.ts'
import { closedRules, PlainTenancy } from '../testing/plain-tenancy.ts'
import { type ApiServer, describeApiAnswers } from './describe-api-answers.ts'
import { createServerApi } from './server-api.ts'

/** The namespaces of the recorded configuration. */
const namespaces = {
  '': closedRules,
  kept: {
    ...closedRules,
    presence: true,
    history: { size: 10, ttlMs: 300_000, metaTtlMs: 3_600_000, durability: 'memory' },
  },
  map: { ...closedRules, subscriptionType: 'map' },
  binary: { ...closedRules, dataFormat: 'binary' },
  json: { ...closedRules, dataFormat: 'json' },
  object: { ...closedRules, dataFormat: 'json_object' },
} as const

const openEngine = async (): Promise<ApiServer> => {
  const core = await createEngineCore({
    tenancy: new PlainTenancy(namespaces),
    version: '1.2.3',
    createBroker: (events) => createMemoryBroker({ clock: systemClock, events }),
  })
  const serverApi = createServerApi({ api: core.api, scope: '', key: 'api-key', events: core.events })
  const server = createServer(serverApi)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await new Promise((resolve) => server.close(resolve))
      await core.close()
    },
  }
}

describeApiAnswers('the embedded engine', openEngine)
