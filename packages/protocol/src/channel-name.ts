/** The characters that give a channel name its parts. An empty one switches its part off. */
export interface ChannelSyntax {
  readonly privatePrefix: string
  readonly namespaceBoundary: string
  readonly userBoundary: string
  readonly userSeparator: string
}

/** Source: Centrifugo v6, `channel.*` defaults. */
export const defaultChannelSyntax: ChannelSyntax = Object.freeze({
  privatePrefix: '$',
  namespaceBoundary: ':',
  userBoundary: '#',
  userSeparator: ',',
})

/** What a channel's name says by itself. What follows from it depends on the namespace's rules. */
export interface ChannelName {
  /** A client needs a subscription token for it. */
  readonly isPrivate: boolean
  /** The text before the first boundary, without the private prefix; `''` for a channel without a namespace. */
  readonly namespace: string
  /** What a namespace's `channel_regex` looks at: the text behind the boundary, or the whole name if there is none. */
  readonly rest: string
  /** The users it is limited to, where the namespace allows that: the text behind the last user boundary, split. */
  readonly users: readonly string[] | undefined
}

/** Takes a channel name apart. Any text is a name; whether it is allowed is for the caller to decide. */
export const readChannelName = (name: string, syntax: ChannelSyntax = defaultChannelSyntax): ChannelName => {
  const isPrivate = syntax.privatePrefix !== '' && name.startsWith(syntax.privatePrefix)
  const start = isPrivate ? syntax.privatePrefix.length : 0
  const boundary = syntax.namespaceBoundary === '' ? -1 : name.indexOf(syntax.namespaceBoundary, start)
  return {
    isPrivate,
    namespace: boundary < 0 ? '' : name.slice(start, boundary),
    rest: boundary < 0 ? name : name.slice(boundary + syntax.namespaceBoundary.length),
    users: readUsers(name, syntax),
  }
}

const readUsers = (name: string, syntax: ChannelSyntax): readonly string[] | undefined => {
  const boundary = syntax.userBoundary === '' ? -1 : name.lastIndexOf(syntax.userBoundary)
  if (boundary < 0) return undefined
  const list = name.slice(boundary + syntax.userBoundary.length)
  return syntax.userSeparator === '' ? [list] : list.split(syntax.userSeparator)
}

/** Whether a text is ASCII: what a name must be where no `channel_regex` says otherwise. */
export const isAscii = (text: string): boolean => !notAscii.test(text)

const notAscii = /[\u0080-\uffff]/

/** Whether a text takes at most `maxBytes` as UTF-8: how lengths of names are limited. */
export const fitsInBytes = (text: string, maxBytes: number): boolean =>
  text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes
