import { describe, expect, it } from 'vitest'
import { packHeaders, unpackHeaders } from './packed-headers.ts'

describe('packed headers', () => {
  it('come back by lower-case name, several of one name joined', () => {
    const packed = packHeaders([
      'Host',
      'a.example',
      'X-One',
      '1',
      'x-one',
      '2',
      'Cookie',
      'a=1',
      'Cookie',
      'b=2',
      'Empty',
      '',
    ])
    expect({ ...unpackHeaders(packed) }).toEqual({ host: 'a.example', 'x-one': '1, 2', cookie: 'a=1; b=2', empty: '' })
  })

  it('hold no name that a client did not send', () => {
    expect(unpackHeaders(packHeaders([])).constructor).toBeUndefined()
    expect(Object.entries(unpackHeaders(packHeaders(['__proto__', 'x'])))).toEqual([['__proto__', 'x']])
  })
})
