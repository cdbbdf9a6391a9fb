import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { centrifugoOptions } from './centrifugo-options.ts'
import { parseDuration } from './duration.ts'
import { type OptionEntry, optionEntries } from './option-entries.ts'

/** What Centrifugo's types are called here. */
const kinds: Readonly<Record<string, OptionEntry['kind']>> = {
  bool: 'boolean',
  int: 'integer',
  int32: 'integer',
  int64: 'integer',
  uint32: 'integer',
  string: 'text',
  PEMData: 'text',
  Duration: 'duration',
  '[]string': 'text list',
  MapStringString: 'text map',
}

const recorded = readFileSync(new URL('./fixtures/centrifugo-options.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [, path = '', type = '', value = ''] = /^(\S+) (\S+) ?(.*)$/.exec(line) ?? []
    return { path, kind: kinds[type], value }
  })

const readDefault = (kind: OptionEntry['kind'] | undefined, value: string): OptionEntry['default'] => {
  if (kind === 'boolean') return value === 'true'
  if (kind === 'integer') return Number(value)
  if (kind === 'duration') return parseDuration(value || '0s') ?? Number.NaN
  if (kind === 'text list') return value === '' ? [] : value.split(' ')
  return kind === 'text map' ? {} : value
}

describe('the table of options', () => {
  const entries = optionEntries(centrifugoOptions)

  it('[CF1] has the options of Centrifugo 6.9.1, all and no others', () => {
    expect(recorded.length).toBeGreaterThan(1_000)
    expect(entries.map(({ path }) => path).sort()).toEqual(recorded.map(({ path }) => path).sort())
  })

  it('[CF1] has their kinds and defaults', () => {
    const expected = recorded.map(({ path, kind, value }) => [path, kind, readDefault(kind, value)])
    const actual = entries.map((entry) => [entry.path, entry.kind, entry.default])
    expect(Object.fromEntries(actual.map(([path, ...rest]) => [path, rest]))).toEqual(
      Object.fromEntries(expected.map(([path, ...rest]) => [path, rest])),
    )
  })

  it.each([
    ['client.token.hmac_secret_key', 'CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY', true],
    ['channel.namespaces[].history_ttl', 'CENTRIFUGO_CHANNEL_NAMESPACES_<NAME>_HISTORY_TTL', true],
    ['channel.namespaces[].map.mode', 'CENTRIFUGO_CHANNEL_NAMESPACES_<NAME>_MAP_MODE', false],
    ['engine.redis.address', 'CENTRIFUGO_ENGINE_REDIS_ADDRESS', false],
  ])('says of %s its variable and whether it is honoured', (path, variable, honoured) => {
    expect(entries.find((entry) => entry.path === path)).toMatchObject({ variable, honoured })
  })
})
