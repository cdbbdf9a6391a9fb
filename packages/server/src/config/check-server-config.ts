import { secretSources } from '../secrets/load-secrets.ts'
import { engineOf } from './server-config.ts'
import { roles, type ServerVariables, type VariableName } from './server-variables.ts'
import type { Unusable } from './variable.ts'

/** A contradiction between variables, told of one of them. */
export interface Contradiction extends Unusable {
  readonly name: VariableName
}

/** Looks at what no variable can know by itself. */
export const findContradictions = (variables: ServerVariables): readonly Contradiction[] => [
  ...checkEngine(variables),
  ...checkRoles(variables),
  ...checkDatabase(variables),
  ...checkOwner(variables),
  ...checkSameSecrets(variables),
]

/** @NOTE Holds until the engine of a remote Centrifugo is there. */
const checkEngine = (variables: ServerVariables): readonly Contradiction[] => {
  if (engineOf(variables) === 'embedded') return []
  const name = variables.XSHATHRA_ENGINE ? 'XSHATHRA_ENGINE' : 'CENTRIFUGO_URL'
  const cure = 'Leave it out to use the embedded engine.'
  return [{ name, message: 'asks for Centrifugo, which this version cannot drive yet', cure }]
}

const checkRoles = (variables: ServerVariables): readonly Contradiction[] => {
  if (variables.XSHATHRA_ROLES.size === roles.length || engineOf(variables) === 'centrifugo') return []
  const cure = `Leave it out, or name all: ${roles.join(',')}.`
  return [{ name: 'XSHATHRA_ROLES', message: 'leaves doors closed, which needs Centrifugo as the engine', cure }]
}

/** With one database for several servers, each has to be given the secrets: none may make its own. */
const checkDatabase = (variables: ServerVariables): readonly Contradiction[] => {
  if (variables.DATABASE_URL === undefined) return []
  return Object.values(secretSources)
    .filter(({ variables: names }) => names.every((name) => variables[name] === undefined))
    .map(({ variables: [name] }) => ({ name, message: 'is missing, and DATABASE_URL is set', cure: 'Set it.' }))
}

const checkOwner = ({ XSHATHRA_OWNER_EMAIL: email, XSHATHRA_OWNER_PASSWORD: password }: ServerVariables) => {
  if ((email === undefined) === (password === undefined)) return []
  const [missing, set] = ['XSHATHRA_OWNER_EMAIL', 'XSHATHRA_OWNER_PASSWORD'] as const
  return email === undefined
    ? [{ name: missing, message: `is missing, and ${set} is set`, cure: 'Set both or none.' }]
    : [{ name: set, message: `is missing, and ${missing} is set`, cure: 'Set both or none.' }]
}

const checkSameSecrets = (variables: ServerVariables): readonly Contradiction[] =>
  Object.values(secretSources).flatMap(({ variables: names }) => {
    const given = names.filter((name) => variables[name] !== undefined)
    const values = new Set(given.map((name) => variables[name]?.reveal()))
    const [name, ...others] = given
    if (name === undefined || values.size < 2) return []
    return [{ name, message: `differs from ${others.join(' and ')}, which means the same`, cure: 'Set one of them.' }]
  })
