import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')

/** The TypeScript blocks of a README, in order. */
const examplesOf = (packageName: string): string[] => {
  const text = readFileSync(join(root, 'packages', packageName, 'README.md'), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '')
}

describe('the examples of a README', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xshathra-examples-'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it.each(['engine', 'protocol'])('of packages/%s compile as they stand', async (name) => {
    const examples = examplesOf(name)
    expect(examples.length).toBeGreaterThan(0)
    for (const [index, example] of examples.entries()) writeFileSync(join(folder, `example-${index}.ts`), example)
    const compilerOptions = {
      noEmit: true,
      composite: false,
      incremental: false,
      typeRoots: [join(root, 'node_modules/@types')],
    }
    const project = { extends: join(root, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
    const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder]).catch((error) => error)
    expect(stdout).toBe('')
  })

  it('of packages/protocol runs, and says what its comments say', async () => {
    const [example = ''] = examplesOf('protocol')
    writeFileSync(join(folder, 'example.ts'), `${example}\nconsole.log(JSON.stringify(command))`)
    const { stdout } = await run(process.execPath, ['--conditions=@xshathra/source', join(folder, 'example.ts')])
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'rpc', id: 1, request: { method: 'sum' } })
  })
})
