import { describe, expect, it } from 'vitest'
import { findImports } from './find-imports.ts'

const specifiers = (source: string) => findImports(source).map(({ specifier }) => specifier)

describe('finding imports', () => {
  it.each([
    ["import 'a'", 'a'],
    ["import a from 'b'", 'b'],
    ["import * as a from 'b'", 'b'],
    ["import a, { b } from 'c'", 'c'],
    ["import {\n  a,\n  type B,\n} from './c.ts'", './c.ts'],
    ["export { a } from './b.ts'", './b.ts'],
    ["export * from './b.ts'", './b.ts'],
    ["export * as a from './b.ts'", './b.ts'],
    ["const a = await import('./b.ts')", './b.ts'],
    ["const a = require('./b.js')", './b.js'],
    ["new Worker(new URL('./b.ts', import.meta.url))", './b.ts'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of a template.
    ['new Worker(new URL(`./b.${extension}`, import.meta.url))', './b.ts'],
  ])('sees %j', (source, specifier) => {
    expect(specifiers(source)).toEqual([specifier])
  })

  it('takes no declaration before an import for a part of it', () => {
    expect(findImports("export type A = string\nimport b from 'c'")).toEqual([
      { specifier: 'c', line: 2, typeOnly: false },
    ])
  })

  it('tells imports that type stripping removes from those that run', () => {
    const source = "import type { A } from 'a'\nexport type * from 'b'\nimport { type C } from 'c'"
    expect(findImports(source).map(({ typeOnly }) => typeOnly)).toEqual([true, true, false])
  })

  it('leaves words in running text alone', () => {
    expect(specifiers("const text = 'import nothing from here'\n// import a from 'b'")).toEqual([])
  })
})
