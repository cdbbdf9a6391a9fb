import { expect, it } from 'vitest'
import { forwardedHeaders } from './forwarded-headers.ts'
import { defaultProxyOptions, type ProxyOptions } from './proxy-options.ts'

const headersFor = (
  options: Partial<ProxyOptions>,
  headers: Record<string, string | string[]>,
  emulatedHeaders: Record<string, string> = {},
) => forwardedHeaders({ ...defaultProxyOptions, ...options }, { headers, emulatedHeaders })

const json = { 'content-type': 'application/json' }

it('[PX3] passes nothing on unless it is listed', () => {
  expect(headersFor({}, { cookie: 'c', authorization: 'a' }, { 'X-Token': 't' })).toEqual(json)
})

it('[PX3] passes listed headers on, names in any case', () => {
  const options = { httpHeaders: ['Cookie', 'X-MANY'], emulatedHeaders: ['x-token'] }
  expect(
    headersFor(options, { cookie: 'c', 'x-many': ['1', '2'], other: 'o' }, { 'X-Token': 't', other: 'o' }),
  ).toEqual({
    ...json,
    cookie: 'c',
    'x-many': ['1', '2'],
    'x-token': 't',
  })
})

it('[PX3] never takes a header of the transport from the client’s own word', () => {
  expect(headersFor({ httpHeaders: ['x-real-user'] }, {}, { 'X-Real-User': 'admin' })).toEqual(json)
})

it('[PX3] lets transport headers win over emulated ones, and both over static ones', () => {
  const options = {
    staticHeaders: { 'X-A': 's', 'X-B': 's', 'X-C': 's' },
    emulatedHeaders: ['x-b', 'x-c'],
    httpHeaders: ['x-c'],
  }
  expect(headersFor(options, { 'x-a': 't', 'x-c': 't' }, { 'x-a': 'e', 'x-b': 'e', 'x-c': 'e' })).toEqual({
    ...json,
    'x-a': 's',
    'x-b': 'e',
    'x-c': 't',
  })
})

it('[PX3] keeps the headers of the hop and of the body to itself, whatever is listed', () => {
  const names = ['Connection', 'Upgrade', 'Host', 'Content-Length', 'Content-Type', 'Transfer-Encoding']
  const values = Object.fromEntries(names.map((name) => [name.toLowerCase(), 'x']))
  expect(headersFor({ httpHeaders: names, emulatedHeaders: names, staticHeaders: values }, values, values)).toEqual(
    json,
  )
})

it('[PX3] leaves out an emulated value that would break the call or smuggle a header', () => {
  const options = { emulatedHeaders: ['x-a', 'x-b', 'x-c'] }
  expect(headersFor(options, {}, { 'x-a': 'a\r\nx-admin: 1', 'x-b': 'ж', 'x-c': 'caf\u00e9' })).toEqual({
    ...json,
    'x-c': 'caf\u00e9',
  })
})
