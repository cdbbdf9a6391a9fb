import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataDirectoryInUse, DataDirectoryUnusable, lockDataDirectory } from './directory-lock.ts'

describe('lockDataDirectory', () => {
  let parent: string
  let directory: string

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'xshathra-lock-'))
    directory = join(parent, 'data')
  })

  afterEach(() => rmSync(parent, { recursive: true }))

  it('[BR25] makes the directory and its lock file for this user alone', async () => {
    const lock = await lockDataDirectory(directory)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, 'lock.db')).mode & 0o777).toBe(0o600)
    lock.release()
  })

  it('[BR25] lets nobody else in until it is released, however often others try', async () => {
    const lock = await lockDataDirectory(directory)
    await expect(lockDataDirectory(directory)).rejects.toThrow(DataDirectoryInUse)
    await expect(lockDataDirectory(directory)).rejects.toThrow(/in use by another Xshathra process/)
    expect(await runProcess(`await lockDataDirectory(${JSON.stringify(directory)})`)).toMatch(/DataDirectoryInUse/)
    lock.release()
    lock.release()
    const next = await lockDataDirectory(directory)
    next.release()
  })

  it('[BR25] the lock ends with the process that held it, killed or not', async () => {
    const kill = `await lockDataDirectory(${JSON.stringify(directory)}); process.kill(process.pid, 'SIGKILL')`
    expect(await runProcess(kill)).toBe('')
    const lock = await lockDataDirectory(directory)
    lock.release()
  })

  it('[BR25] says what is wrong with a directory that cannot be used', async () => {
    writeFileSync(directory, '')
    await expect(lockDataDirectory(directory)).rejects.toThrow(DataDirectoryUnusable)
    await expect(lockDataDirectory(directory)).rejects.toThrow(/must be a directory that this user may write to/)
  })
})

/** Runs a program that may lock directories; returns what it wrote to standard error. */
const runProcess = async (program: string): Promise<string> => {
  const lockModule = JSON.stringify(new URL('./directory-lock.ts', import.meta.url).href)
  const source = `import { lockDataDirectory } from ${lockModule}; ${program}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source])
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  await new Promise((resolve) => child.once('close', resolve))
  return errors
}
