import { serverVariables } from './server-variables.ts'
import { variableNotes } from './variable.ts'

/** The page `docs/reference/config.md`, made from the schema. */
export const renderConfigReference = (): string =>
  [
    '# Configuration of the server',
    '',
    'Made from `packages/server/src/config/server-variables.ts` by `node scripts/generate-reference.ts`.',
    '',
    'Variables of the environment, read once when the server starts. An empty one counts as not set. `xshathra config` shows',
    'what counts and who set it. Every problem is told at once, and a variable that starts with `XSHATHRA_` or `CENTRIFUGO_`',
    'and is not known is reported with the nearest name that is.',
    '',
    '| Variable | Default | Meaning |',
    '|---|---|---|',
    ...Object.entries(serverVariables.shape).map(([name, schema]) => renderRow(name, schema)),
    '',
    'Options of the engine are those of Centrifugo v6: in the file that `CENTRIFUGO_CONFIG` names, or as variables called',
    '`CENTRIFUGO_` and the path of the option, like `CENTRIFUGO_CLIENT_PING_INTERVAL`.',
    '',
  ].join('\n')

const renderRow = (name: string, schema: Parameters<typeof variableNotes.get>[0]): string => {
  const { about, standard = '', standardInWords, isSecret } = variableNotes.get(schema) ?? { about: '' }
  const words = standardInWords ?? `\`${standard}\``
  return `| \`${name}\` | ${words} | ${about}${isSecret ? ' Secret.' : ''} |`
}
