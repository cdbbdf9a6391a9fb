import { describe, expect, it } from 'vitest'
import { checkImports, type Workspace } from './import-rules.ts'

const workspace = (name: string, folder: string, more: Partial<Workspace> = {}): Workspace => ({
  name,
  folder,
  dependencies: [],
  devDependencies: [],
  doors: new Map(),
  ...more,
})

const workspaces = [
  workspace('xshathra-repository', '', { devDependencies: ['vitest'] }),
  workspace('@xshathra/protocol', 'packages/protocol', {
    doors: new Map([['@xshathra/protocol', 'packages/protocol/src/index.ts']]),
  }),
  workspace('@xshathra/engine', 'packages/engine', {
    dependencies: ['@xshathra/protocol', 'zod'],
    doors: new Map([
      ['@xshathra/engine', 'packages/engine/src/index.ts'],
      ['@xshathra/engine/core', 'packages/engine/src/core.ts'],
    ]),
  }),
]

const messages = (files: Record<string, string>, extra: readonly Workspace[] = []) =>
  checkImports({ workspaces: [...workspaces, ...extra], files: new Map(Object.entries(files)) }).map(
    ({ file, line, message }) => `${file}:${line} ${message}`,
  )

describe('the rules of imports', () => {
  it('let a file use what its own package.json declares', () => {
    const source =
      "import { z } from 'zod'\nimport { ok } from '@xshathra/protocol'\nimport './b.ts'\nimport 'node:util'"
    expect(messages({ 'packages/engine/src/a.ts': source })).toEqual([])
  })

  it('refuse a library or workspace that the package.json does not declare', () => {
    expect(
      messages({ 'packages/protocol/src/a.ts': "import 'zod'\nimport type { A } from '@xshathra/engine/core'" }),
    ).toEqual([
      "packages/protocol/src/a.ts:1 'zod' is not declared in the package.json of @xshathra/protocol",
      "packages/protocol/src/a.ts:2 '@xshathra/engine' is not declared in the package.json of @xshathra/protocol",
    ])
  })

  it('lend development tools of the root to tests and what only tests load, not to what ships', () => {
    const source = "import { it } from 'vitest'"
    const files = {
      'packages/engine/src/index.ts': "import './shipped.ts'",
      'packages/engine/src/shipped.ts': source,
      'packages/engine/src/model.ts': source,
      'packages/engine/src/a.test.ts': source,
    }
    expect(messages(files)).toEqual([
      "packages/engine/src/shipped.ts:1 'vitest' is not declared in the package.json of @xshathra/engine",
    ])
  })

  it('let the SDK use what is bundled into its test server, and nowhere else', () => {
    const sdk = workspace('@xshathra/realtime', 'packages/realtime', {
      devDependencies: ['@xshathra/engine'],
      doors: new Map([
        ['@xshathra/realtime', 'packages/realtime/src/index.ts'],
        ['@xshathra/realtime/testing', 'packages/realtime/src/testing/server.ts'],
      ]),
    })
    const source = "import '@xshathra/engine/core'"
    const files = { 'packages/realtime/src/index.ts': source, 'packages/realtime/src/testing/server.ts': source }
    expect(messages(files, [sdk])).toEqual([
      "packages/realtime/src/index.ts:1 '@xshathra/engine' is not declared in the package.json of @xshathra/realtime",
    ])
  })

  it('refuse a dependency against the arrows, and a workspace without arrows', () => {
    const backwards = workspace('@xshathra/protocol', 'packages/protocol', { dependencies: ['@xshathra/engine'] })
    const unknown = workspace('@xshathra/new', 'packages/new')
    expect(messages({}, [backwards, unknown])).toEqual([
      'packages/protocol/package.json:1 @xshathra/protocol may not depend on @xshathra/engine: arrows point the other way',
      'packages/new/package.json:1 @xshathra/new has no arrows: say in scripts/import-rules.ts what it may import',
    ])
  })

  it('refuse a way into a package that is not one of its doors', () => {
    expect(messages({ 'packages/engine/src/a.ts': "import '@xshathra/protocol/src/codes.ts'" })).toEqual([
      "packages/engine/src/a.ts:1 '@xshathra/protocol/src/codes.ts' is no door of @xshathra/protocol",
    ])
    expect(messages({ 'packages/engine/src/a.ts': "import '../../protocol/src/codes.ts'" })).toEqual([
      "packages/engine/src/a.ts:1 '../../protocol/src/codes.ts' leaves @xshathra/engine: import the other package by its name",
    ])
  })

  it("ask for extensions on relative imports and for 'node:' on Node's own modules", () => {
    expect(messages({ 'packages/engine/src/a.ts': "import './b'\nimport 'fs'" })).toEqual([
      "packages/engine/src/a.ts:1 './b' needs its extension",
      "packages/engine/src/a.ts:2 'fs' is Node's own: write 'node:fs'",
    ])
  })

  it('keep the environment out of the packages, but not out of their tests', () => {
    const source = 'const level = process.env.LOG_LEVEL'
    expect(messages({ 'packages/engine/src/index.ts': source })).toHaveLength(1)
    expect(messages({ 'packages/engine/src/index.ts': 'const { env } = process' })).toHaveLength(1)
    expect(messages({ 'packages/engine/src/index.ts': ' * loadConfig({ env: process.env })' })).toEqual([])
    expect(messages({ 'packages/engine/src/a.test.ts': source })).toEqual([])
  })

  it('keep sockets, files and token libraries out of all that the core of the engine loads', () => {
    const files = {
      'packages/engine/src/core.ts': "export * from './hub.ts'\nimport type { Server } from 'node:http'",
      'packages/engine/src/hub.ts': "import { ok } from '@xshathra/protocol'",
      'packages/protocol/src/index.ts': "import { readFileSync } from 'node:fs'",
    }
    expect(messages(files)).toEqual([
      "packages/protocol/src/index.ts:1 'node:fs' is reached from the engine's core: " +
        'packages/engine/src/core.ts → packages/engine/src/hub.ts → packages/protocol/src/index.ts',
    ])
  })
})
