/** Answers whether a whole name fits. */
export type GlobMatcher = (name: string) => boolean

/** Patterns come from callers of the API; this bounds what one of them costs per name. */
const maxPatternLength = 1_024

/**
 * Compiles a glob: `*` and `**` stand for any run of characters, `?` for one, `[ab]`, `[a-z]` and `[!a]` for one of (or
 * none of) those named, `{one,two}` for either, `\` takes away the meaning of what follows. No character separates
 * parts of a name, so `*` passes `:` and `.` too. Undefined where the pattern is malformed or longer than 1024.
 *
 * Time is at most pattern times name, whatever both are. Source: Centrifugo v6, pattern of the `channels` API.
 */
export const compileGlob = (pattern: string): GlobMatcher | undefined => {
  if (pattern.length > maxPatternLength) return undefined
  const program = new GlobCompiler(pattern).compile()
  return program && ((name) => run(program, name))
}

/** What fits one character: that very one, or a predicate. */
type CharacterTest = string | ((character: string) => boolean)

/**
 * One step of a compiled glob. `take` goes on to the next step with a character that fits, `fork` goes on at several
 * steps at once. The step behind the last one means that the glob fits if the name has ended.
 */
type Step = { readonly take: CharacterTest } | { readonly fork: number[] }

const anyCharacter = () => true

/** Reads a pattern from left to right into steps; `undefined` from compile() stands for a malformed one. */
class GlobCompiler {
  readonly #characters: readonly string[]
  readonly #steps: Step[] = []
  #at = 0
  #malformed = false

  constructor(pattern: string) {
    this.#characters = [...pattern]
  }

  compile(): readonly Step[] | undefined {
    this.#sequence(false)
    return this.#malformed ? undefined : this.#steps
  }

  /** Inside braces it ends before `,` and `}`. */
  #sequence(inBraces: boolean): void {
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at]!
      if (inBraces && (character === ',' || character === '}')) return
      this.#at++
      if (character === '*') this.#run()
      else if (character === '?') this.#steps.push({ take: anyCharacter })
      else if (character === '[') this.#steps.push({ take: this.#characterClass() })
      else if (character === '{') this.#alternatives()
      else if (character !== '\\') this.#steps.push({ take: character })
      else if (this.#at < this.#characters.length) this.#steps.push({ take: this.#next() })
    }
  }

  #run(): void {
    while (this.#characters[this.#at] === '*') this.#at++
    const start = this.#steps.length
    this.#steps.push({ fork: [start + 1, start + 3] }, { take: anyCharacter }, { fork: [start] })
  }

  /** Braces that nothing closes end with the pattern, as Centrifugo has it. */
  #alternatives(): void {
    const starts: number[] = []
    const ends: number[][] = []
    this.#steps.push({ fork: starts })
    do {
      starts.push(this.#steps.length)
      this.#sequence(true)
      const end: number[] = []
      ends.push(end)
      this.#steps.push({ fork: end })
    } while (this.#next() === ',')
    for (const end of ends) end.push(this.#steps.length)
  }

  /** A range is exactly `[a-z]`; in any other list `-` is a character like the others, but for the second place. */
  #characterClass(): CharacterTest {
    const isNegated = this.#characters[this.#at] === '!'
    if (isNegated) this.#at++
    const members: string[] = []
    let isRange = false
    for (let character = this.#next(); character !== ']'; character = this.#next()) {
      if (character === '-' && members.length === 1) isRange = true
      members.push(character === '\\' ? this.#next() : character)
      if (this.#malformed) return ''
    }
    if (!isRange) return this.#oneOf(members, isNegated)
    const [low = '', , high = ''] = members
    if (members.length !== 3 || codeOf(low) > codeOf(high)) this.#malformed = true
    return (character) => (codeOf(character) >= codeOf(low) && codeOf(character) <= codeOf(high)) !== isNegated
  }

  #oneOf(members: readonly string[], isNegated: boolean): CharacterTest {
    if (members.length === 0) this.#malformed = true
    const set = new Set(members)
    return (character) => set.has(character) !== isNegated
  }

  /** Behind the end: `''`, and where a character had to come, a malformed pattern. */
  #next(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) this.#malformed ||= this.#isOpen()
    return character ?? ''
  }
}
