import { ok, type Result } from '../result.ts'
import { createRealtimeOn, openServer, type Server } from './create-realtime.ts'
import { type Environment, readEnvironment, variableNames } from './environment.ts'

/** The variables of this process; none where the run time has no such thing. */
const environment = (): Environment => globalThis.process?.env ?? {}

let known: { readonly key: string; readonly server: Result<Server> } | undefined

/**
 * The server that the environment names now. It is read at each call, since some programs load their `.env` late, and
 * made anew only when a variable has changed.
 */
const findServer = (): Result<Server> => {
  const variables = environment()
  const key = JSON.stringify(variableNames.map((name) => variables[name]))
  if (known?.key !== key) {
    const settings = readEnvironment(variables)
    known = { key, server: settings.ok ? ok(openServer(settings.value)) : settings }
  }
  return known.server
}

/** What the functions of this door act on: the server that the environment names. */
export const defaultRealtime = /* @__PURE__ */ createRealtimeOn(findServer)
