const placeholder = /\{\{([^{}]*)\}\}/g

/** Letters, digits, `_`, `-`, escaped `.` and `-`, separated by `|`: a list of fixed words. */
const fixedWords = /^(?:[\w-]|\\[.-])+(?:\|(?:[\w-]|\\[.-])+)*$/

/** Puts what issuer and audience patterns matched into the address; undefined where the result is no safe address. */
export const resolveJwksEndpoint = (template: string, groups: Readonly<Record<string, string>>): URL | undefined => {
  const address = template.replace(placeholder, (_, name: string) => groups[name] ?? '')
  const url = URL.parse(address)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  return climbs(address) ? undefined : url
}

/** A path that moves up, in plain or escaped form, would leave the directory that the operator meant. */
const climbs = (address: string): boolean =>
  address.split(/[/\\?#]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment))

/**
 * Says why a template is dangerous. What fills it comes from claims that nobody verified yet: a pattern that matches
 * more than a list of fixed words would let a forger choose where the keys are read.
 */
export const explainJwksTemplate = (template: string, patterns: readonly string[]): string | undefined => {
  for (const [, name = ''] of template.matchAll(placeholder)) {
    const bodies = patterns.flatMap((pattern) => groupBodies(pattern, name))
    if (bodies.length === 0) return `uses {{${name}}}, but no pattern of issuer or audience has a group of that name`
    if (!bodies.every((body) => fixedWords.test(body))) {
      return `uses {{${name}}}, whose group has to be a list of fixed words like (?P<${name}>one|two)`
    }
  }
  return undefined
}

/** What stands inside the groups called `name`, up to the first bracket: words have none. */
const groupBodies = (pattern: string, name: string): string[] =>
  ['(?P<', '(?<'].flatMap((opening) =>
    pattern
      .split(`${opening}${name}>`)
      .slice(1)
      .map((rest) => rest.slice(0, rest.indexOf(')'))),
  )
