import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '..')
const packages = ['@xshathra/protocol', '@xshathra/engine', '@xshathra/server', 'xshathra']
const doors = ['@xshathra/protocol', '@xshathra/engine', '@xshathra/engine/core', '@xshathra/server']

interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

let folder: string
let packed: readonly Packed[]

/** Runs a program and answers what it printed; one that fails throws with its own words. */
const run = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status})\n${stdout}${stderr}`)
  return stdout
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xshathra-pack-'))
  run('tsc', ['-b', 'packages/protocol', 'packages/engine', 'packages/server', 'apps/xshathra'], root)
  const workspaces = packages.map((name) => `--workspace=${name}`)
  const answer = run('npm', ['pack', '--json', `--pack-destination=${folder}`, ...workspaces], root)
  // npm 11 and before answer a list, later ones an object by name.
  packed = Object.values(JSON.parse(answer) as Record<string, Packed>)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the packages as strangers get them', () => {
  it('hold what was built, without tests', () => {
    expect(packed.map(({ name }) => name)).toEqual(packages)
    for (const { name, files } of packed) {
      const paths = files.map(({ path }) => path)
      expect(paths, name).toContain(name === 'xshathra' ? 'bin/xshathra' : 'dist/index.js')
      expect(paths.filter((path) => path.includes('.test.'))).toEqual([])
      expect(paths.filter((path) => /^(src|node_modules)\//.test(path))).toEqual([])
    }
  })

  it('install in an empty folder and open every door, without the condition of our source', () => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
    const tarballs = packed.map(({ filename }) => `./${filename}`)
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], folder)
    const program = `
      const opened = {}
      for (const door of ${JSON.stringify(doors)}) opened[door] = Object.keys(await import(door)).length > 0
      console.log(JSON.stringify(opened))`
    const opened = JSON.parse(run(process.execPath, ['--input-type=module', '--eval', program], folder))
    expect(opened).toEqual(Object.fromEntries(doors.map((door) => [door, true])))
  })

  it('run as the program, with history in a file', async () => {
    const program = join('node_modules', 'xshathra', 'bin', 'xshathra.js')
    const args = ['engine', '--address', '127.0.0.1', '--port', '0', '--data-dir', 'data']
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const closed = once(child, 'close')
    let printed = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      printed += text
      if (printed.includes('listening')) child.kill('SIGTERM')
    }
    expect(printed).toMatch(/listening on http:.* \(history: data\)/)
    expect(await closed).toEqual([0, null])
  })
})
