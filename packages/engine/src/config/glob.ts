/** Answers whether a whole name fits. */
export type GlobMatcher = (name: string) => boolean

/** Patterns come from callers of the API; this bounds what one of them costs per name. */
const maxPatternLength = 1_024

/**
 * Compiles a glob: `*` and `**` stand for any run of characters, `?` for one, `[ab]`, `[a-z]` and `[!a]` for one of (or
 * none of) those named, `{one,two}` for either, `\` takes away the meaning of what follows. No character separates
 * parts of a name, so `*` passes `:` and `.` too. Undefined where the pattern is malformed or longer than 1024.
 *
 * Time is at most pattern times name, whatever both are. Source: Centrifugo v6, `channels` API and `allowed_origins`.
 */
export const compileGlob = (pattern: string): GlobMatcher | undefined => {
  const prefix = /^[^*?[\]{},\\]*/.exec(pattern)?.[0] ?? ''
  if (prefix === pattern) return (name) => name === pattern
  const program = pattern.length > maxPatternLength ? undefined : compileSteps([...pattern])
  return program && ((name) => name.startsWith(prefix) && runProgram(program, name))
}

/** What fits one character: that very one, or a predicate. */
type CharacterTest = string | ((character: string) => boolean)

/**
 * One step of a compiled glob. `take` leads to the next step by a character that fits, `run` to itself by any character
 * and to the next by none, `fork` to several others by none. Behind the last step the name must have ended.
 */
type Step =
  | { readonly kind: 'take'; readonly fits: CharacterTest }
  | { readonly kind: 'run' }
  | { readonly kind: 'fork'; readonly to: readonly number[] }

const compileSteps = (pattern: readonly string[]): readonly Step[] | undefined => {
  const compiler = new GlobCompiler(pattern)
  compiler.readSequence(false)
  return compiler.isMalformed ? undefined : compiler.steps
}

/** Reads a pattern from left to right into steps. */
class GlobCompiler {
  readonly steps: Step[] = []
  isMalformed = false
  readonly #pattern: readonly string[]
  #at = 0

  constructor(pattern: readonly string[]) {
    this.#pattern = pattern
  }

  /** Inside braces a sequence ends before `,` and `}`. */
  readSequence(inBraces: boolean): void {
    for (let character = this.#peek(); character !== ''; character = this.#peek()) {
      if (inBraces && (character === ',' || character === '}')) return
      this.#at++
      if (character === '*') this.#addRun()
      else if (character === '?') this.#addTake(() => true)
      else if (character === '[') this.#addTake(this.#readClass())
      else if (character === '{') this.#readAlternatives()
      else if (character !== '\\') this.#addTake(character)
      else if (this.#peek() !== '') this.#addTake(this.#next())
    }
  }

  #addTake(fits: CharacterTest): void {
    this.steps.push({ kind: 'take', fits })
  }

  #addRun(): void {
    if (this.steps.at(-1)?.kind !== 'run') this.steps.push({ kind: 'run' })
  }

  /** Braces that nothing closes end with the pattern, as in Centrifugo. */
  #readAlternatives(): void {
    const starts: number[] = []
    const end: number[] = []
    this.steps.push({ kind: 'fork', to: starts })
    do {
      starts.push(this.steps.length)
      this.readSequence(true)
      this.steps.push({ kind: 'fork', to: end })
    } while (this.#next() === ',')
    end.push(this.steps.length)
  }

  /** `a-z` is a range; where `-` stands elsewhere than in second place, it is a character like the others. */
  #readClass(): CharacterTest {
    const isNegated = this.#peek() === '!'
    if (isNegated) this.#at++
    const members: string[] = []
    let isRange = false
    while (this.#peek() !== ']' && this.#peek() !== '') {
      if (this.#peek() === '-' && members.length === 1) isRange = true
      if (this.#peek() === '\\') this.#at++
      members.push(this.#next())
    }
    if (this.#next() === '' || members.length === 0) this.isMalformed = true
    return isRange ? this.#rangeTest(members, isNegated) : listTest(members, isNegated)
  }

  #rangeTest(members: readonly string[], isNegated: boolean): CharacterTest {
    const low = codeOf(members[0] ?? '')
    const high = codeOf(members[2] ?? '')
    if (members.length !== 3 || low > high) this.isMalformed = true
    return (character) => (codeOf(character) >= low && codeOf(character) <= high) !== isNegated
  }

  /** `''` at the end. */
  #peek(): string {
    return this.#pattern[this.#at] ?? ''
  }

  #next(): string {
    const character = this.#peek()
    this.#at++
    return character
  }
}

const listTest = (members: readonly string[], isNegated: boolean): CharacterTest => {
  const set = new Set(members)
  return (character) => set.has(character) !== isNegated
}

const codeOf = (character: string): number => character.codePointAt(0) ?? 0

const fits = (test: CharacterTest, character: string): boolean =>
  typeof test === 'string' ? test === character : test(character)

/** Follows all ways through the steps side by side, a character at a time, each step at most once. */
const runProgram = (program: readonly Step[], name: string): boolean => {
  let reached = reach(program, [0])
  for (const character of name) {
    if (reached.length === 0 || endsInRun(program, reached)) break
    const next: number[] = []
    for (const index of reached) {
      const step = program[index]
      if (step?.kind === 'run') next.push(index)
      else if (step?.kind === 'take' && fits(step.fits, character)) next.push(index + 1)
    }
    reached = reach(program, next)
  }
  return reached.includes(program.length) || endsInRun(program, reached)
}

/** The last step takes whatever is still to come. */
const endsInRun = (program: readonly Step[], reached: readonly number[]): boolean =>
  program.at(-1)?.kind === 'run' && reached.includes(program.length - 1)

/** All steps that can be reached from these without a character, in the order found. */
const reach = (program: readonly Step[], from: readonly number[]): readonly number[] => {
  const found = new Set(from)
  for (const index of found) {
    const step = program[index]
    if (step?.kind === 'run') found.add(index + 1)
    else if (step?.kind === 'fork') for (const next of step.to) found.add(next)
  }
  return [...found]
}
