import { type ConfigProblem, type LoadedConfig, loadConfig } from '@xshathra/engine'
import { failed, type Result } from '@xshathra/protocol'
import { checkEngineConfig } from './check-engine-config.ts'
import type { Environment } from './load-server-config.ts'

/**
 * Reads the configuration of the engine as the platform uses it: one that lets anybody past the projects is refused, each
 * key by its full path.
 */
export const loadEngineConfig = (file: string, env: Environment): Result<LoadedConfig, readonly ConfigProblem[]> => {
  const loaded = loadConfig({ file, env: { ...env, [proxySecret]: env[proxySecret] || standIn } })
  if (!loaded.ok) return loaded
  const problems = checkEngineConfig(loaded.value.settings)
  return problems.length > 0 ? failed(problems) : loaded
}

/** Stands in the headers of proxies, which the embedded engine does not call: it need not be set here. */
const proxySecret = 'CENTRIFUGO_VAR_PROXY_SECRET'
const standIn = 'not used by the embedded engine'
