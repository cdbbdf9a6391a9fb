import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder, repository, run } from './real-server.ts'

const here = join(repository, 'packages/realtime')

/** Examples of doc comments, one module each. */
const docExamples = () =>
  globSync('src/**/*.ts', { cwd: here, exclude: ['**/*.test.ts'] }).flatMap((file) =>
    Array.from(
      readFileSync(join(here, file), 'utf8').matchAll(/@example\n((?:\s*\*(?!\/).*\n)+)/g),
      ([, lines = '']) => ({
        name: basename(file, '.ts'),
        text: lines.replace(/^\s*\* ?/gm, ''),
        extension: 'ts',
      }),
    ),
  )

const readmeExamples = () =>
  Array.from(
    readFileSync(join(here, 'README.md'), 'utf8').matchAll(/^```(tsx?)\n([\s\S]*?)^```$/gm),
    ([, extension = '', text = '']) => ({ name: 'readme', text, extension }),
  )

it('every example compiles, in doc comments and in the README', () => {
  const examples = [...docExamples(), ...readmeExamples()]
  expect(examples.length).toBeGreaterThan(30)
  const folder = makeFolder()
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'examples'))
  for (const [index, { name, text, extension }] of examples.entries()) {
    expect(text, name).toContain('@xshathra/realtime')
    writeFileSync(join(folder, 'examples', `${index}-${name}.${extension}`), text)
  }
  const compilerOptions = { composite: false, noEmit: true, jsx: 'react-jsx', types: ['node'], noUnusedLocals: false }
  const base = join(repository, 'tsconfig.base.json')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: base,
      compilerOptions: { ...compilerOptions, lib: ['es2024', 'dom'] },
      include: ['examples'],
    }),
  )
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  expect(run('tsc', ['-p', '.'], folder)).toBe('')
})
