import { z } from 'zod'
import { passwordLength } from '../accounts/account-input.ts'
import {
  readAddresses,
  readAnyText,
  readChoice,
  readChoices,
  readEmail,
  readOrigin,
  readPort,
  readSecret,
  readSecretUrl,
  readUrl,
  readUrls,
} from './read-text.ts'
import { optionalVariable, variable } from './variable.ts'

export const engineKinds = ['embedded', 'centrifugo'] as const
export type EngineKind = (typeof engineKinds)[number]

export const roles = ['realtime', 'api', 'web'] as const
/** A door that a process opens. */
export type Role = (typeof roles)[number]

const tokenSecret = (isFirstChoice: boolean) =>
  optionalVariable(
    {
      about: isFirstChoice
        ? 'Signs the tokens that we mint. Centrifugo needs the same one.'
        : 'Another name of `CENTRIFUGO_TOKEN_HMAC_SECRET_KEY`.',
      standardInWords: isFirstChoice ? 'generated' : '–',
      isSecret: true,
    },
    readSecret(),
  )

const apiKey = (isFirstChoice: boolean) =>
  optionalVariable(
    {
      about: isFirstChoice
        ? 'The operator’s key for `/realtime/api`.'
        : 'Another name of `CENTRIFUGO_API_KEY`, and Centrifugo’s own.',
      standardInWords: isFirstChoice ? 'generated' : '–',
      isSecret: true,
    },
    readSecret(),
  )

/**
 * Every variable that the server reads: the one place that says its name, what it may hold, its standard value and
 * whether it is a secret. Reading, problems, `xshathra config` and the reference all come from here. Options of the engine
 * (`CENTRIFUGO_…`, one for each of Centrifugo's) are read with its configuration file.
 */
export const serverVariables = z.object({
  PORT: variable({ about: 'Port to listen on; 0 lets the system choose.', standard: '3001' }, readPort),
  HOST: variable(
    { about: 'Interface to listen on. The container image sets `0.0.0.0`.', standard: '127.0.0.1' },
    readAnyText,
  ),
  XSHATHRA_PUBLIC_URL: optionalVariable(
    {
      about:
        'Origin under which others reach us: for links, cookies and `realtimeUrl`. While it is not set, only `localhost` and IP addresses are served as host names (421); with it, its host too, and names without a dot.',
      standardInWords: '`http://localhost:$PORT`',
    },
    readOrigin,
  ),
  XSHATHRA_TRUSTED_PROXIES: variable(
    {
      about: 'Addresses and networks whose `X-Forwarded-For`, `-Proto` and `-Host` are believed, separated by commas.',
      standard: '',
      standardInWords: 'none',
    },
    readAddresses,
  ),
  XSHATHRA_DATA_DIR: variable(
    {
      about: 'Directory of the databases and generated secrets. One process at a time works in it.',
      standard: 'data',
      standardInWords: '`data` of the repository',
    },
    readAnyText,
  ),
  DATABASE_URL: optionalVariable(
    {
      about:
        '`postgres://…` for projects and accounts. The history of the embedded engine stays in the data directory. With it, `XSHATHRA_MASTER_SECRET` and the engine secrets must be given.',
      standardInWords: 'SQLite in the data directory',
      isSecret: true,
    },
    readSecretUrl('postgres:', 'postgresql:'),
  ),
  XSHATHRA_MASTER_SECRET: optionalVariable(
    {
      about: 'Encrypts keys at rest and signs sessions: 32 characters or more.',
      standardInWords: 'generated',
      isSecret: true,
    },
    readSecret(32),
  ),
  XSHATHRA_ENGINE: optionalVariable(
    {
      about: 'What stands behind `/realtime`: `embedded`, or `centrifugo`.',
      standardInWords: '`embedded`; `centrifugo` when `CENTRIFUGO_URL` is set',
    },
    readChoice(engineKinds),
  ),
  XSHATHRA_ROLES: variable(
    { about: 'Doors this process opens. Fewer than all only with Centrifugo.', standard: roles.join(',') },
    readChoices(roles),
  ),
  CENTRIFUGO_CONFIG: variable(
    {
      about: 'Configuration file of either engine: namespaces and client options, in Centrifugo’s format.',
      standard: 'centrifugo/config.json',
    },
    readAnyText,
  ),
  CENTRIFUGO_TOKEN_HMAC_SECRET_KEY: tokenSecret(true),
  CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY: tokenSecret(false),
  CENTRIFUGO_TOKEN_HMAC_SECRET: tokenSecret(false),
  CENTRIFUGO_API_KEY: apiKey(true),
  CENTRIFUGO_HTTP_API_KEY: apiKey(false),
  CENTRIFUGO_URL: optionalVariable(
    { about: 'Base URLs of a real Centrifugo, separated by commas.', standardInWords: '–' },
    readUrls('http:', 'https:'),
  ),
  CENTRIFUGO_VAR_PROXY_SECRET: optionalVariable(
    {
      about: 'The secret that Centrifugo’s proxies send us. Required with Centrifugo.',
      standardInWords: '–',
      isSecret: true,
    },
    readSecret(),
  ),
  XSHATHRA_METRICS_TOKEN: optionalVariable(
    {
      about:
        'Reads `/metrics`, as `Authorization: Bearer …`. Without it, metrics are open only while neither public URL nor trusted proxies are set.',
      standardInWords: '–',
      isSecret: true,
    },
    readSecret(),
  ),
  XSHATHRA_OWNER_EMAIL: optionalVariable(
    {
      about: 'With the password: creates the owner at the first start, in place of the setup link.',
      standardInWords: '–',
    },
    readEmail,
  ),
  XSHATHRA_OWNER_PASSWORD: optionalVariable(
    { about: 'See `XSHATHRA_OWNER_EMAIL`.', standardInWords: '–', isSecret: true },
    readSecret(passwordLength.min),
  ),
  NEXT_PUBLIC_XSHATHRA_REALTIME_URL: optionalVariable(
    {
      about: 'The full socket URL in browser bundles of customers. Our own pages read it at request time.',
      standardInWords: '–',
    },
    readUrl('ws:', 'wss:'),
  ),
})

export type VariableName = keyof typeof serverVariables.shape
/** Variables as they were read. */
export type ServerVariables = z.output<typeof serverVariables>

/** Variables with our prefix that belong to other programs of ours: nobody is warned of them. */
export const variablesOfOthers: readonly string[] = [
  'XSHATHRA_SERVER_API_KEY',
  'XSHATHRA_ORIGIN',
  'XSHATHRA_TEST_INSTALL',
]
