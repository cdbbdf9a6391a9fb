import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { matchesLockFile } from './ensure-installed.mjs'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'xshathra-install-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

type Packages = Record<string, { version?: string; optional?: boolean; link?: boolean }>

const write = (path: string, packages: Packages) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), JSON.stringify({ packages }))
}

/** An installed tree as npm leaves it: its record, and one folder for each package. */
const install = (packages: Packages) => {
  write('node_modules/.package-lock.json', packages)
  for (const path of Object.keys(packages)) mkdirSync(join(root, path), { recursive: true })
}

describe('an installation', () => {
  it('matches when npm has recorded every package of the lock file', () => {
    write('package-lock.json', { '': {}, 'packages/a': { version: '1.0.0' }, 'node_modules/zod': { version: '4.0.0' } })
    install({ 'node_modules/zod': { version: '4.0.0' } })
    expect(matchesLockFile(root)).toBe(true)
  })

  it('matches without the optional packages of other platforms', () => {
    write('package-lock.json', { 'node_modules/biome-win32': { version: '2.0.0', optional: true } })
    install({})
    expect(matchesLockFile(root)).toBe(true)
  })

  it('does not match when npm never finished', () => {
    write('package-lock.json', {})
    expect(matchesLockFile(root)).toBe(false)
  })

  it.each<[string, Packages]>([
    ['a package is missing', {}],
    ['a package has another version', { 'node_modules/zod': { version: '3.0.0' } }],
  ])('does not match when %s', (_, installed) => {
    write('package-lock.json', { 'node_modules/zod': { version: '4.0.0' } })
    install(installed)
    expect(matchesLockFile(root)).toBe(false)
  })

  it('does not match when somebody has deleted a folder', () => {
    write('package-lock.json', { 'node_modules/zod': { version: '4.0.0' } })
    install({ 'node_modules/zod': { version: '4.0.0' } })
    rmSync(join(root, 'node_modules/zod'), { recursive: true })
    expect(matchesLockFile(root)).toBe(false)
  })
})
