import { type ConfigProblem, explainFinding, explainProblems, type LoadedConfig } from '@xshathra/engine'
import { failed, ok, type Result } from '@xshathra/protocol'
import {
  type Environment,
  type FlagValue,
  type LoadedServerConfig,
  loadEngineConfig,
  loadServerConfig,
  type VariableName,
} from '@xshathra/server'
import { findInstallation } from './installation.ts'
import type { Terminal } from './terminal.ts'

export type SettingFlags = Readonly<Partial<Record<VariableName, FlagValue>>>

/** Both configurations: the server's, and that of its engine. */
export interface Settings extends LoadedServerConfig {
  readonly engineConfig: LoadedConfig
}

/** Reads both configurations; their problems come together. */
export const loadSettings = (
  env: Environment,
  flags: SettingFlags = {},
): Result<Settings, readonly ConfigProblem[]> => {
  const { dataDir, engineConfig: engineFile } = findInstallation()
  const standards = { XSHATHRA_DATA_DIR: dataDir, CENTRIFUGO_CONFIG: engineFile }
  const server = loadServerConfig({ env, flags, standards })
  const engine = loadEngineConfig(
    server.ok ? server.value.config.engineConfig : env.CENTRIFUGO_CONFIG || engineFile,
    env,
  )
  if (!server.ok) return failed([...server.problem, ...(engine.ok ? [] : engine.problem)])
  if (!engine.ok) return engine
  const warnings = [...server.value.warnings, ...engine.value.warnings]
  return ok({ ...server.value, warnings, engineConfig: engine.value })
}

/** Reads both configurations and tells the operator what is wrong with them; undefined: they cannot be used. */
export const readSettings = (terminal: Terminal, flags: SettingFlags = {}): Settings | undefined => {
  const settings = loadSettings(terminal.env, flags)
  if (settings.ok) return settings.value
  terminal.complain(explainProblems(settings.problem))
  return undefined
}

export const complainOfWarnings = ({ warnings }: Settings, terminal: Terminal): void => {
  for (const warning of warnings) terminal.complain(`warning: ${explainFinding(warning)}`)
}
