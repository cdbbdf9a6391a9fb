import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createApiAccess } from './authenticate.ts'

const withKey = (key: string) => ({ headers: { 'x-api-key': key } }) as unknown as IncomingMessage

describe('access to the server API', () => {
  it('is given to the key and to nothing else, whoever called before', () => {
    // Few letters of different width: prefixes, extensions and half-written characters all occur.
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '€', '🙂'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(key, fc.array(key, { maxLength: 20 }), (right, others) => {
        const mayCall = createApiAccess({ key: right })
        for (const presented of [right, ...others, right]) {
          expect(mayCall(withKey(presented), '')).toBe(presented === right)
        }
      }),
    )
  })

  it.each(['', undefined])('is given to nobody where the key is %j', (key) => {
    const mayCall = createApiAccess({ key })
    expect(mayCall(withKey(''), '')).toBe(false)
    expect(mayCall(withKey('a'), 'api_key=')).toBe(false)
  })
})
