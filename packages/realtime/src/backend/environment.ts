import { failed, ok, type RealtimeProblem, type Result } from '../result.ts'
import { type RealtimeOptions, readOptions, type Settings } from './settings.ts'

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that say the same; the first is the one we document. */
const tokenSecretNames = [
  'CENTRIFUGO_TOKEN_HMAC_SECRET',
  'CENTRIFUGO_TOKEN_HMAC_SECRET_KEY',
  'CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY',
]
const apiKeyNames = ['CENTRIFUGO_API_KEY', 'CENTRIFUGO_HTTP_API_KEY']

/** Every variable that decides about the server. */
export const variableNames = [
  'XSHATHRA_SERVER_API_KEY',
  'XSHATHRA_ORIGIN',
  'NEXT_PUBLIC_XSHATHRA_REALTIME_URL',
  ...tokenSecretNames,
  ...apiKeyNames,
  'CENTRIFUGO_API_URL',
  'CENTRIFUGO_WS_URL',
]

/**
 * Reads which server the environment names: a project of Xshathra first, else a bare Centrifugo. An empty variable counts
 * as absent. `not_configured` says what is missing; `misconfigured` names the variable that is wrong.
 */
export const readEnvironment = (environment: Environment): Result<Settings> => {
  const variable = (name: string) => environment[name] || undefined
  const serverApiKey = variable('XSHATHRA_SERVER_API_KEY')
  const origin = variable('XSHATHRA_ORIGIN')
  if (serverApiKey !== undefined && origin !== undefined) {
    const realtimeUrl = variable('NEXT_PUBLIC_XSHATHRA_REALTIME_URL')
    return settingsOf({ serverApiKey, origin, realtimeUrl }, projectVariables)
  }
  const secret = agreed(environment, tokenSecretNames)
  if (!secret.ok) return secret
  const key = agreed(environment, apiKeyNames)
  if (!key.ok) return key
  if (secret.value !== undefined && key.value !== undefined) {
    const addresses = { apiUrl: variable('CENTRIFUGO_API_URL'), realtimeUrl: variable('CENTRIFUGO_WS_URL') }
    return settingsOf({ tokenSecret: secret.value, apiKey: key.value, ...addresses }, centrifugoVariables)
  }
  const isBare = secret.value !== undefined || key.value !== undefined
  const wanted = isBare
    ? ['CENTRIFUGO_TOKEN_HMAC_SECRET', 'CENTRIFUGO_API_KEY']
    : ['XSHATHRA_SERVER_API_KEY', 'XSHATHRA_ORIGIN']
  const missing = isBare
    ? wanted.filter((_, index) => [secret.value, key.value][index] === undefined)
    : wanted.filter((_, index) => [serverApiKey, origin][index] === undefined)
  return failed({ code: 'not_configured', message: `Realtime is not set up: set ${missing.join(' and ')}.` })
}

const projectVariables: Readonly<Record<string, string>> = {
  origin: 'XSHATHRA_ORIGIN',
  serverApiKey: 'XSHATHRA_SERVER_API_KEY',
  realtimeUrl: 'NEXT_PUBLIC_XSHATHRA_REALTIME_URL',
}

const centrifugoVariables: Readonly<Record<string, string>> = {
  apiUrl: 'CENTRIFUGO_API_URL',
  realtimeUrl: 'CENTRIFUGO_WS_URL',
  apiKey: 'CENTRIFUGO_API_KEY',
  tokenSecret: 'CENTRIFUGO_TOKEN_HMAC_SECRET',
}

const settingsOf = (options: RealtimeOptions, variables: Readonly<Record<string, string>>): Result<Settings> => {
  try {
    return ok(readOptions(options))
  } catch (error) {
    // Sentences begin with the option's name; whoever reads this set a variable.
    const message = (error as Error).message.replace(/^\w+/, (option) => variables[option] ?? option)
    return failed({ code: 'misconfigured', message: `${message}.` })
  }
}

const agreed = (environment: Environment, names: readonly string[]): Result<string | undefined> => {
  const found = names.filter((name) => environment[name])
  const values = new Set(found.map((name) => environment[name]))
  if (values.size <= 1) return ok([...values][0])
  const problem: RealtimeProblem = {
    code: 'misconfigured',
    message: `${found.join(' and ')} must say the same, or only one may be set.`,
  }
  return failed(problem)
}
