#!/usr/bin/env node
/**
 * The `xshathra` command. Runs src/main.ts in a checkout and dist/main.js where the package is installed, each under a
 * Node that can: when this one is too old, or was started without the condition that leads to the packages' source, the
 * right one takes over. Plain JavaScript, because Node 20 must be able to read it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const oldestMajor = 24
const folder = fileURLToPath(new URL('..', import.meta.url))
const isCheckout = existsSync(join(folder, 'src', 'main.ts'))
const main = isCheckout ? join(folder, 'src', 'main.ts') : join(folder, 'dist', 'main.js')
const conditions = isCheckout ? ['--conditions=@xshathra/source'] : []

const isRecent = Number.parseInt(process.versions.node, 10) >= oldestMajor
const isReady = isRecent && conditions.every((condition) => process.execArgv.includes(condition))

if (isReady) {
  // Halves the time a command takes. In a folder of this checkout, where nobody else can put code for us to run.
  if (isCheckout) module.enableCompileCache(join(folder, '..', '..', 'node_modules', '.cache', 'xshathra'))
  await import(pathToFileURL(main).href)
} else {
  const node = isRecent ? process.execPath : pinnedNode()
  if (node === undefined) {
    console.error(`xshathra: needs Node ${oldestMajor} or later; this is ${process.version}`)
    process.exitCode = 1
  } else {
    takeOver(node, [...process.execArgv, ...conditions, main, ...process.argv.slice(2)])
  }
}

/** The Node that the repository pins through the npm package `node`, where that is installed. */
function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const binary = join(dirname(manifest), 'bin', 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    // Not installed beside us, which is how it should be outside a checkout.
    return undefined
  }
}

/** Becomes the given Node: in place where this Node can, else as a parent that hands on signals and the exit code. */
function takeOver(node, args) {
  if (typeof process.execve === 'function') process.execve(node, [node, ...args], process.env)
  const child = spawn(node, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    console.error(`xshathra: ${node} does not start: ${error.message}`)
    process.exitCode = 1
  })
  child.once('close', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
