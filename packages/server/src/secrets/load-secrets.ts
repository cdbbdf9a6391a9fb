import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from './secret.ts'

/** What the deployment alone knows. */
export interface DeploymentSecrets {
  /** Encrypts keys at rest and signs sessions. */
  readonly master: Secret
  /** Signs the tokens that we mint. */
  readonly tokenHmac: Secret
  /** The operator's key for `/realtime/api`. */
  readonly apiKey: Secret
}

/** Secrets are missing or contradict each other. The message has a sentence for each problem, and no secret. */
export class SecretsUnusable extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'SecretsUnusable'
    this.problems = problems
  }
}

interface SecretSource {
  /** Variables it is read from; the first is the name we recommend. */
  readonly variables: readonly [string, ...string[]]
  /** The file in the data directory that holds a generated one. */
  readonly file: string
  readonly minCharacters: number
}

/** Several names for the engine secrets are in use among Centrifugo's users; all are read. */
export const secretSources = {
  master: { variables: ['XSHATHRA_MASTER_SECRET'], file: 'master.secret', minCharacters: 32 },
  tokenHmac: {
    variables: [
      'CENTRIFUGO_TOKEN_HMAC_SECRET_KEY',
      'CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY',
      'CENTRIFUGO_TOKEN_HMAC_SECRET',
    ],
    file: 'token-hmac.secret',
    minCharacters: 1,
  },
  apiKey: { variables: ['CENTRIFUGO_API_KEY', 'CENTRIFUGO_HTTP_API_KEY'], file: 'api-key.secret', minCharacters: 1 },
} as const satisfies Record<keyof DeploymentSecrets, SecretSource>

export interface LoadSecretsOptions {
  /** The data directory: it is there, and locked by the caller. */
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether missing ones are made and kept in the directory. Several servers on one database have to be given theirs. */
  readonly mayGenerate: boolean
}

/**
 * Reads the secrets: from the environment, else from files of the data directory, which are made where they are missing.
 * An empty variable counts as not set. Throws {@link SecretsUnusable} with every problem at once.
 */
export const loadSecrets = (options: LoadSecretsOptions): DeploymentSecrets => {
  const problems: string[] = []
  const read = (name: keyof DeploymentSecrets): Secret => {
    const reading = readSecret(secretSources[name], options)
    if (typeof reading !== 'string') return reading
    problems.push(reading)
    return new Secret('')
  }
  const secrets = { master: read('master'), tokenHmac: read('tokenHmac'), apiKey: read('apiKey') }
  if (problems.length > 0) throw new SecretsUnusable(problems)
  return secrets
}

/** The secret, or a sentence about what is wrong. */
const readSecret = (source: SecretSource, options: LoadSecretsOptions): Secret | string => {
  const { variables, file, minCharacters } = source
  const given = variables.filter((variable) => (options.env[variable] ?? '') !== '')
  const values = new Set(given.map((variable) => options.env[variable] as string))
  if (values.size > 1) return `${given.join(' and ')} are set to different values. Set one of them.`
  const [value] = values
  if (value !== undefined) {
    if (value.length >= minCharacters) return new Secret(value)
    return `${given[0]} is shorter than ${minCharacters} characters. Make one with: openssl rand -hex 32`
  }
  const path = join(options.directory, file)
  try {
    if (existsSync(path)) return readSecretFile(path, minCharacters)
    if (options.mayGenerate) return generateSecretFile(path)
    return `${variables[0]} is missing. Give every server of the deployment the same one; make it with: openssl rand -hex 32`
  } catch (error) {
    return `The secret file ${path} cannot be used (${(error as Error).message}).`
  }
}

const readSecretFile = (path: string, minCharacters: number): Secret | string => {
  const text = readFileSync(path, 'utf8').trim()
  if (text.length >= minCharacters) return new Secret(text)
  return `The secret file ${path} holds fewer than ${minCharacters} characters. Restore it from a copy; what was encrypted or signed with the lost one cannot be used again.`
}

/** 256 random bits, on disk before anything is encrypted with them, and never half a file. */
const generateSecretFile = (path: string): Secret => {
  const text = randomBytes(32).toString('hex')
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  const descriptor = openSync(draft, 'wx', 0o600)
  try {
    writeSync(descriptor, `${text}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, path)
  return new Secret(text)
}
