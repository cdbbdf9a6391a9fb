import { fileURLToPath } from 'node:url'
import { defaultTokenVerifierOptions, loadConfig } from '@xshathra/engine'
import type { ProjectTenancyOptions } from '../project-tenancy.ts'

export const engineSecret = 'engine-secret-of-the-tests'

const file = fileURLToPath(new URL('../../../../../centrifugo/config.json', import.meta.url))

/** The namespaces that we ship, as the platform takes them. */
export const shippedOptions = (): ProjectTenancyOptions => {
  const config = loadConfig({ file, env: { CENTRIFUGO_VAR_PROXY_SECRET: 'p' } })
  if (!config.ok) throw new Error(JSON.stringify(config.problem))
  return {
    namespaces: config.value.namespaces.namespaces,
    proxies: config.value.proxies,
    tokens: { ...defaultTokenVerifierOptions, hmacSecretKey: engineSecret },
  }
}
