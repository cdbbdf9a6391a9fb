import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { createHealthHandler } from './health.ts'

it('[OB7] is healthy while the engine is ready, and only then', async () => {
  let ready = true
  const server = createServer(createHealthHandler(() => ready))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/health`)
    return [response.status, response.headers.get('content-type'), await response.text()]
  }
  expect(await ask()).toEqual([200, 'application/json', '{}'])
  ready = false
  expect(await ask()).toEqual([503, 'application/json', '{}'])
  server.close()
  server.closeAllConnections()
})
