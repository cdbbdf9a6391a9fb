/**
 * The door to every root chore: `node scripts/run.mjs VERB [arguments]`. Installs what the lock file asks for, then runs
 * the verb with the pinned Node first on the PATH. Plain JavaScript without dependencies, because it is what runs when
 * nothing is installed yet, on whatever Node (20 or later) the machine has.
 */
import { fileURLToPath } from 'node:url'
import { ensureInstalled, InstallFailed } from './ensure-installed.mjs'
import { runChild } from './run-child.mjs'
import { verbs } from './verbs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [name = '', ...args] = process.argv.slice(2)
const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined

if (verb === undefined) {
  const known = Object.entries(verbs).map(([known, { about }]) => `  npm run ${known.padEnd(12)} ${about}`)
  console.error([`xshathra: ${name === '' ? 'which chore?' : `no chore is called "${name}".`}`, ...known].join('\n'))
  process.exit(2)
}

try {
  const env = await ensureInstalled(root)
  const [command, ...fixed] = verb.command
  process.exitCode = await runChild(command, [...fixed, ...args], { cwd: root, env })
} catch (error) {
  if (!(error instanceof InstallFailed)) throw error
  console.error(`xshathra: ${error.message}`)
  process.exitCode = 1
}
