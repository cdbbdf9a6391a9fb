import { nearestName } from '@xshathra/engine'
import { failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { type AddressList, parseAddressList } from '../front-door/address-list.ts'
import { Secret } from '../secrets/secret.ts'
import type { ReadText } from './variable.ts'

/** Digits only, so that a mistyped port is an error and not another port. */
export const readPort: ReadText<number> = (text) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return ok(port)
  return failed({ message: `is ${JSON.stringify(text)}, which is no port`, cure: 'Give a number from 0 to 65535.' })
}

export const readAnyText: ReadText<string> = (text) => ok(text)

export const readEmail: ReadText<string> = (text) => {
  if (z.email().safeParse(text).success) return ok(text)
  return failed({ message: `is ${JSON.stringify(text)}, which is no email address` })
}

export const readSecret =
  (minCharacters = 1): ReadText<Secret> =>
  (text) =>
    text.length >= minCharacters
      ? ok(new Secret(text))
      : failed({ message: `is shorter than ${minCharacters} characters`, cure: 'Make one with: openssl rand -hex 32' })

/** `https://realtime.example.com`: where a site answers, and nothing about what is asked of it. */
export const readOrigin: ReadText<string> = (text) => {
  const url = URL.parse(text)
  const isOrigin =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash && !url.username
  if (isOrigin) return ok(url.origin)
  const cure = 'Give scheme, host and port only, like https://realtime.example.com.'
  return failed({ message: `is ${JSON.stringify(text)}, which is no origin`, cure })
}

/** URLs of some schemes, separated by commas or spaces. */
export const readUrls =
  (...schemes: readonly string[]): ReadText<readonly string[]> =>
  (text) => {
    const urls = text.split(/[\s,]+/).filter((part) => part !== '')
    const wrong = urls.find((url) => !schemes.includes(URL.parse(url)?.protocol ?? ''))
    if (wrong === undefined && urls.length > 0) return ok(urls)
    const cure = `Give a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}.`
    return failed({ message: `is ${JSON.stringify(text)}, which is no such URL`, cure })
  }

export const readUrl =
  (...schemes: readonly string[]): ReadText<string> =>
  (text) => {
    const urls = readUrls(...schemes)(text)
    return urls.ok ? ok(text) : urls
  }

/** A URL that may hold a password, and so is never repeated. */
export const readSecretUrl =
  (...schemes: readonly string[]): ReadText<Secret> =>
  (text) => {
    if (schemes.includes(URL.parse(text)?.protocol ?? '')) return ok(new Secret(text))
    return failed({ message: 'is no such URL', cure: `Give one that starts with ${schemes.join('// or ')}//.` })
  }

export const readAddresses: ReadText<AddressList> = (text) => {
  const list = parseAddressList(text)
  if (list.ok) return list
  const cure = 'Give IP addresses and networks like 10.0.0.0/8, separated by commas.'
  return failed({ message: `names ${JSON.stringify(list.problem)}, which is no address`, cure })
}

export const readChoice =
  <Choice extends string>(choices: readonly Choice[]): ReadText<Choice> =>
  (text) => {
    const choice = choices.find((each) => each === text)
    if (choice !== undefined) return ok(choice)
    return failed({
      message: `${JSON.stringify(text)} is not one of: ${choices.join(', ')}`,
      cure: askNearest(text, choices),
    })
  }

/** Several of the choices, separated by commas or spaces. */
export const readChoices =
  <Choice extends string>(choices: readonly Choice[]): ReadText<ReadonlySet<Choice>> =>
  (text) => {
    const chosen = new Set<Choice>()
    for (const part of text.split(/[\s,]+/)) {
      const choice = readChoice(choices)(part)
      if (!choice.ok) return choice
      chosen.add(choice.value)
    }
    return ok(chosen)
  }

const askNearest = (text: string, choices: readonly string[]): string | undefined => {
  const meant = nearestName(text, choices)
  return meant && `Did you mean ${meant}?`
}
