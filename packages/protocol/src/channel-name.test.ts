import { describe, expect, it } from 'vitest'
import { fitsInBytes, isAscii, readChannelName } from './channel-name.ts'

describe('a channel name', () => {
  it.each([
    ['news', { isPrivate: false, namespace: '', rest: 'news', users: undefined }],
    ['chat:room:1', { isPrivate: false, namespace: 'chat', rest: 'room:1', users: undefined }],
    ['$chat:room', { isPrivate: true, namespace: 'chat', rest: 'room', users: undefined }],
    ['$news', { isPrivate: true, namespace: '', rest: '$news', users: undefined }],
    [':foo', { isPrivate: false, namespace: '', rest: 'foo', users: undefined }],
    ['chat:', { isPrivate: false, namespace: 'chat', rest: '', users: undefined }],
    ['dialog#42,43', { isPrivate: false, namespace: '', rest: 'dialog#42,43', users: ['42', '43'] }],
    ['ns:a#b#42', { isPrivate: false, namespace: 'ns', rest: 'a#b#42', users: ['42'] }],
    ['ns:x#', { isPrivate: false, namespace: 'ns', rest: 'x#', users: [''] }],
    ['', { isPrivate: false, namespace: '', rest: '', users: undefined }],
  ])('%j is taken apart as Centrifugo does', (name, expected) => {
    expect(readChannelName(name)).toEqual(expected)
  })

  it('follows another syntax', () => {
    const syntax = { privatePrefix: '!!', namespaceBoundary: '::', userBoundary: '@', userSeparator: '+' }
    expect(readChannelName('!!chat::a:b@1+2', syntax)).toEqual({
      isPrivate: true,
      namespace: 'chat',
      rest: 'a:b@1+2',
      users: ['1', '2'],
    })
  })

  it('has no parts that are switched off', () => {
    const syntax = { privatePrefix: '', namespaceBoundary: '', userBoundary: '', userSeparator: '' }
    expect(readChannelName('$a:b#c,d', syntax)).toEqual({
      isPrivate: false,
      namespace: '',
      rest: '$a:b#c,d',
      users: undefined,
    })
    expect(readChannelName('x#c,d', { ...syntax, userBoundary: '#' }).users).toEqual(['c,d'])
  })
})

describe('limits of names', () => {
  it('count ASCII to the last of its characters', () => {
    expect(isAscii('a:\u007f')).toBe(true)
    for (const text of ['\u0080', 'é', '😀', '\uffff']) expect(isAscii(text)).toBe(false)
  })

  it('count bytes, not characters', () => {
    expect(fitsInBytes('abcd', 4)).toBe(true)
    expect(fitsInBytes('abcde', 4)).toBe(false)
    expect(fitsInBytes('éé', 4)).toBe(true)
    expect(fitsInBytes('ééa', 4)).toBe(false)
  })
})
