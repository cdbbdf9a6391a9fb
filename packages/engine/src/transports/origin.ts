/** Whether a request with this Origin header (absent: none was sent) may use an endpoint. */
export type OriginCheck = (origin: string | undefined) => boolean

/**
 * The rule of `client.allowed_origins`: a request without Origin passes, an empty list lets no other pass, and each
 * entry is a glob (`*`, `?`, `[a-z]`, `[!a]`, `{one,two}`, `\` before a character that is meant as it stands) that is
 * compared with the Origin in lower case. Throws where a glob is malformed.
 */
export const createOriginCheck = (patterns: readonly string[]): OriginCheck => {
  if (patterns.includes('*')) return () => true
  const globs = patterns.flatMap(expandAlternatives).map(parseGlob)
  return (origin) => {
    if (origin === undefined || origin === '') return true
    const text = origin.toLowerCase()
    return globs.some((glob) => matches(glob, text))
  }
}

/** One step of a glob: any run of characters, or one character that fits. */
type Step = 'run' | ((character: string) => boolean)

/** Alternatives one glob may stand for, so that a short pattern cannot grow without bound. */
const maxAlternatives = 256

/** `a{b,c}d` as `abd` and `acd`. */
const expandAlternatives = (pattern: string): string[] => {
  const open = indexOfSpecial(pattern, '{', 0)
  if (open < 0) return [pattern]
  const choices: string[] = []
  let start = open + 1
  let depth = 0
  for (let i = start; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === '\\') i++
    else if (character === '{') depth++
    else if (depth > 0) depth -= character === '}' ? 1 : 0
    else if (character === ',' || character === '}') {
      choices.push(pattern.slice(start, i))
      start = i + 1
      if (character === '}') {
        const tail = pattern.slice(start)
        const expanded = choices.flatMap((choice) => expandAlternatives(pattern.slice(0, open) + choice + tail))
        if (expanded.length > maxAlternatives) throw new Error(`too many alternatives in origin pattern "${pattern}"`)
        return expanded
      }
    }
  }
  throw new Error(`unclosed { in origin pattern "${pattern}"`)
}

const indexOfSpecial = (pattern: string, special: string, from: number): number => {
  for (let i = from; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++
    else if (pattern[i] === special) return i
  }
  return -1
}

const parseGlob = (pattern: string): Step[] => {
  const steps: Step[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i] as string
    if (character === '*') {
      if (steps.at(-1) !== 'run') steps.push('run')
    } else if (character === '?') {
      steps.push(() => true)
    } else if (character === '[') {
      const close = pattern.indexOf(']', i + 2)
      if (close < 0) throw new Error(`unclosed [ in origin pattern "${pattern}"`)
      steps.push(characterClass(pattern.slice(i + 1, close)))
      i = close
    } else {
      const literal = character === '\\' ? (pattern[++i] ?? '') : character
      steps.push((other) => other === literal)
    }
  }
  return steps
}

/** `a-z` or `abc`, turned around by a leading `!`. */
const characterClass = (body: string): ((character: string) => boolean) => {
  const isNegated = body.startsWith('!')
  const members = isNegated ? body.slice(1) : body
  const range = /^(.)-(.)$/u.exec(members)
  const [, low = '', high = ''] = range ?? []
  return (character) => (range ? character >= low && character <= high : members.includes(character)) !== isNegated
}

/** Goes back only to the last run, so that time is at most pattern times text whatever a client sends. */
const matches = (glob: readonly Step[], text: string): boolean => {
  let step = 0
  let at = 0
  let runStep = -1
  let runAt = 0
  while (at < text.length) {
    const wanted = glob[step]
    if (wanted === 'run') {
      runStep = step++
      runAt = at
    } else if (wanted?.(text[at] as string)) {
      step++
      at++
    } else if (runStep >= 0) {
      step = runStep + 1
      at = ++runAt
    } else {
      return false
    }
  }
  while (glob[step] === 'run') step++
  return step === glob.length
}
