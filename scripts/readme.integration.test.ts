import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect, it, onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '..')
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]

/** The one code block of the README that holds these words. */
const blockWith = (words: string): string => {
  const found = blocks.filter(([, , text]) => text?.includes(words))
  expect(found, words).toHaveLength(1)
  return found[0]?.[2] ?? ''
}

/** Runs a block as somebody who pastes it into a terminal in the root of the repository; ends with the test. */
const paste = (text: string) => {
  const shell = spawn('bash', ['-c', text], { cwd: root, detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(shell, 'close')
  onTestFinished(async () => {
    // The whole group: what was pasted starts programs of its own.
    if (shell.exitCode === null && shell.pid !== undefined) process.kill(-shell.pid, 'SIGTERM')
    await closed
  })
  return shell.stdout
}

const readUntil = async (output: Readable, pattern: RegExp): Promise<RegExpExecArray> => {
  let printed = ''
  for await (const text of output.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text
    const match = pattern.exec(printed)
    if (match) return match
  }
  throw new Error(`ended without printing ${pattern}:\n${printed}`)
}

it('the README keeps its word: what it tells people to paste delivers a message', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xshathra-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'config.json'), blockWith('"hmac_secret_key"'))

  const start = blockWith('npm run engine')
    .replace('config.json', join(folder, 'config.json'))
    .replace('--port 8000', '--port 0')
    .replace('--data-dir data', `--data-dir ${join(folder, 'data')}`)
  const [, host = ''] = await readUntil(paste(start), /listening on http:\/\/(\S+)/)
  const atHost = (text: string) => text.replaceAll('localhost:8000', host)

  const client = paste(atHost(blockWith('npx wscat')))
  await readUntil(client, /"id":2,"subscribe":/)
  const answer = await readUntil(paste(atHost(blockWith('curl'))), /\{.*\}/)
  expect(JSON.parse(answer[0])).toMatchObject({ result: { offset: 1 } })
  const push = await readUntil(client, /"data":(\{"text".*?\})/)
  expect(push[1]).toBe('{"text":"hello"}')
})
