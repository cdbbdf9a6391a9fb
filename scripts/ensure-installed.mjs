import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { runChild } from './run-child.mjs'

/** Something a person has to do; the message says what. */
export class InstallFailed extends Error {}

const heartbeatMs = 5_000

/**
 * Makes node_modules what package-lock.json says, with the pinned Node in it. Costs a few milliseconds where that is so
 * already.
 *
 * @param {string} root
 * @returns {Promise<NodeJS.ProcessEnv>} the environment in which the repository's commands run
 */
export const ensureInstalled = async (root) => {
  const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }
  const fingerprint = fingerprintOf(root)
  if (readStamp(root) !== fingerprint) {
    if (!matchesLockFile(root)) await installPackages(root)
    if (!hasPinnedNode(root)) await installPinnedNode(root)
    writeFileSync(stampFile(root), fingerprint)
  } else if (!existsSync(pinnedNode(root))) {
    await installPinnedNode(root)
  }
  return env
}

const pinnedNode = (/** @type {string} */ root) => join(root, 'node_modules', 'node', 'bin', 'node')
const stampFile = (/** @type {string} */ root) => join(root, 'node_modules', '.xshathra-install')

const readStamp = (/** @type {string} */ root) =>
  existsSync(stampFile(root)) ? readFileSync(stampFile(root), 'utf8') : undefined

/** What an installation depends on: the lock file, and the machine that its binaries are for. */
const fingerprintOf = (/** @type {string} */ root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')

/**
 * Whether npm itself has installed what the lock file asks for, so that a person's own `npm install` is not repeated.
 * npm writes its record last, hence an installation that broke off never matches.
 *
 * @param {string} root
 */
export const matchesLockFile = (root) => {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(record)
  return Object.entries(wanted).every(([path, entry]) => {
    const isDependency = path.split('/').includes('node_modules')
    // Optional ones are mostly binaries for other platforms.
    if (!isDependency || entry.optional || entry.devOptional) return true
    const found = installed[path]
    return found !== undefined && found.version === entry.version && existsSync(join(root, path))
  })
}

/** @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
const readPackages = (/** @type {string} */ file) => JSON.parse(readFileSync(file, 'utf8')).packages

const installPackages = async (/** @type {string} */ root) => {
  console.error('xshathra: installing what package-lock.json asks for (the first time takes about a minute)')
  const stopTelling = process.stderr.isTTY ? () => {} : tellProgress(join(root, 'node_modules'))
  const code = await runChild('npm', ['ci', '--include=dev', '--loglevel=error'], { cwd: root, env: machineEnv(root) })
    .catch(() => {
      throw new InstallFailed('npm was not found on the PATH. Install Node.js 20 or later, which brings it.')
    })
    .finally(stopTelling)
  if (code !== 0) throw new InstallFailed(`npm ci failed (exit code ${code}); its own words are above.`)
}

/** npm shows a spinner on a terminal and nothing in a log: there, a line now and then. */
const tellProgress = (/** @type {string} */ folder) => {
  const startedMs = Date.now()
  const timer = setInterval(() => {
    const count = existsSync(folder) ? readdirSync(folder).length : 0
    const seconds = Math.round((Date.now() - startedMs) / 1000)
    console.error(`xshathra: still installing (${seconds} s, ${count} folders in node_modules so far)`)
  }, heartbeatMs)
  return () => clearInterval(timer)
}

const hasPinnedNode = (/** @type {string} */ root) => {
  const answer = spawnSync(pinnedNode(root), ['--version'], { encoding: 'utf8' })
  return answer.status === 0 && answer.stdout.trim() === `v${pinnedVersion(root)}`
}

const pinnedVersion = (/** @type {string} */ root) =>
  readPackages(join(root, 'package-lock.json'))['node_modules/node']?.version

/** The package `node` fetches its binary in an install script, which npm may have been told not to run. */
const installPinnedNode = async (/** @type {string} */ root) => {
  console.error(`xshathra: fetching Node ${pinnedVersion(root)}, which this repository pins`)
  const code = await runChild('node', ['installArchSpecificPackage'], {
    cwd: join(root, 'node_modules', 'node'),
    env: { ...machineEnv(root), npm_config_ignore_scripts: 'false' },
  })
  if (code === 0 && hasPinnedNode(root)) return
  throw new InstallFailed(
    `the pinned Node ${pinnedVersion(root)} is missing and could not be fetched. ` +
      'Allow the install script of the npm package "node" (npm config ignore-scripts, allow-scripts), then try again.',
  )
}

/** The environment without our own node_modules/.bin: its node may vanish while npm replaces it. */
const machineEnv = (/** @type {string} */ root) => ({
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !resolve(folder).startsWith(join(root, 'node_modules')))
    .join(delimiter),
})
