import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const run = join(import.meta.dirname, 'run.mjs')
const runChild = new URL('./run-child.mjs', import.meta.url)

/** A program that runs the given code in a child, through runChild, and leaves with its exit code. */
const through = (code: string) =>
  spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `const { runChild } = await import(${JSON.stringify(runChild)})
     process.exitCode = await runChild(process.execPath, ['--eval', ${JSON.stringify(code)}])`,
  ])

describe('npm run', () => {
  it('answers a chore it does not know with the ones it does', () => {
    const { status, stderr } = spawnSync(process.execPath, [run, 'tset'], { encoding: 'utf8' })
    expect(status).toBe(2)
    expect(stderr).toContain('no chore is called "tset"')
    expect(stderr).toMatch(/npm run test +everything CI runs/)
  })

  it("leaves with its child's exit code", async () => {
    const [code] = await once(through('process.exit(7)'), 'close')
    expect(code).toBe(7)
  })

  it('counts a child that a signal ended as shells do', async () => {
    const [code] = await once(through('process.kill(process.pid, "SIGKILL")'), 'close')
    expect(code).toBe(128 + 9)
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('hands %s on to its child and waits for it', async (signal) => {
    const program = through(
      `setInterval(() => {}, 1000)
       process.on(${JSON.stringify(signal)}, () => { console.log('stopping'); process.exit(0) })
       console.log('ready')`,
    )
    let printed = ''
    program.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      if (text.includes('ready')) program.kill(signal)
    })
    const [code] = await once(program, 'close')
    expect([code, printed]).toEqual([0, 'ready\nstopping\n'])
  })
})
