import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSecrets, SecretsUnusable } from './load-secrets.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'xshathra-secrets-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const load = (env: Record<string, string> = {}, mayGenerate = true) => loadSecrets({ directory, env, mayGenerate })

const problemsOf = (env: Record<string, string>, mayGenerate = true): readonly string[] => {
  try {
    load(env, mayGenerate)
  } catch (error) {
    if (error instanceof SecretsUnusable) return error.problems
    throw error
  }
  return []
}

describe('secrets that nobody set', () => {
  it('are made once, each another, and found again', () => {
    const { master, tokenHmac, apiKey } = load()
    const revealed = [master, tokenHmac, apiKey].map((secret) => secret.reveal())
    expect(new Set(revealed).size).toBe(3)
    for (const text of revealed) expect(text).toMatch(/^[0-9a-f]{64}$/)
    const again = load()
    expect([again.master, again.tokenHmac, again.apiKey].map((secret) => secret.reveal())).toEqual(revealed)
  })

  it('lie in files that only their owner may read', () => {
    load()
    const files = readdirSync(directory)
    expect(files.sort()).toEqual(['api-key.secret', 'master.secret', 'token-hmac.secret'])
    for (const file of files) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
  })

  it('are asked for by name where they must not be made, all at once, and leave nothing behind', () => {
    const problems = problemsOf({}, false)
    expect(problems).toHaveLength(3)
    expect(problems.join()).toContain('XSHATHRA_MASTER_SECRET is missing')
    expect(problems.join()).toContain('CENTRIFUGO_TOKEN_HMAC_SECRET_KEY is missing')
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('secrets of the environment', () => {
  it('win over files and are not written down', () => {
    const made = load().apiKey.reveal()
    expect(load({ CENTRIFUGO_API_KEY: 'from the environment' }).apiKey.reveal()).toBe('from the environment')
    expect(load().apiKey.reveal()).toBe(made)
  })

  it.each([
    'CENTRIFUGO_TOKEN_HMAC_SECRET_KEY',
    'CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY',
    'CENTRIFUGO_TOKEN_HMAC_SECRET',
  ])('are read from %s', (variable) => {
    expect(load({ [variable]: 'signs' }).tokenHmac.reveal()).toBe('signs')
  })

  it('may repeat themselves under two names but not disagree, and the problem shows neither', () => {
    const [first, second] = ['CENTRIFUGO_API_KEY', 'CENTRIFUGO_HTTP_API_KEY'] as const
    expect(problemsOf({ [first]: 'same', [second]: 'same' })).toEqual([])
    const [problem, ...rest] = problemsOf({ [first]: 'hush one', [second]: 'hush two' })
    expect(problem).toContain(`${first} and ${second}`)
    expect(problem).not.toContain('hush')
    expect(rest).toEqual([])
  })

  it('count as not set when empty', () => {
    expect(load({ XSHATHRA_MASTER_SECRET: '' }).master.reveal()).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a master secret', () => {
  it('of 31 characters is refused, of 32 taken', () => {
    expect(problemsOf({ XSHATHRA_MASTER_SECRET: 'x'.repeat(31) })[0]).toContain('shorter than 32 characters')
    expect(load({ XSHATHRA_MASTER_SECRET: 'x'.repeat(32) }).master.reveal()).toHaveLength(32)
  })

  it('whose file was emptied is refused rather than made anew', () => {
    writeFileSync(join(directory, 'master.secret'), '\n')
    expect(problemsOf({})[0]).toContain('master.secret holds fewer than 32 characters')
  })
})

it('names the file where the directory cannot be written', () => {
  rmSync(directory, { recursive: true })
  expect(problemsOf({})[0]).toContain(join(directory, 'master.secret'))
  // For the hook that removes it.
  directory = mkdtempSync(join(tmpdir(), 'xshathra-secrets-'))
})
