import type { DataPlane, EndpointName } from './data-plane.ts'
import { type Outgoing, sendRequest } from './send-request.ts'
import type { Settings } from './settings.ts'

/** The HTTP API of an Xshathra server, called with the key of a project. */
export const createProjectPlane = ({ baseUrl, apiKey, fetch, timeoutMs }: Settings): DataPlane => {
  const authorization = `apikey ${apiKey}`
  const asking = { authorization }
  const telling = { authorization, 'content-type': 'application/json' }
  return {
    call: (endpoint, body, isRepeatable, { signal }) => {
      const url = `${baseUrl}/api/realtime/${pathOf(endpoint)}`
      const outgoing: Outgoing =
        endpoint === 'project'
          ? { url, method: 'GET', headers: asking, isRepeatable }
          : { url, method: 'POST', headers: telling, body: JSON.stringify(body), isRepeatable }
      return sendRequest(outgoing, { fetch, timeoutMs, signal })
    },
  }
}

/** `presenceStats` → `presence-stats`. */
const pathOf = (endpoint: EndpointName): string => endpoint.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
