/** Something that keeps a configuration from being used. */
export interface ConfigProblem {
  /** Full path of the option (`channel.namespaces[chat].history_ttl`), or what else it is about. */
  readonly path: string
  /** Who set the value: a file, a variable, the command line; `default` where nobody did. */
  readonly origin: string
  /** What is wrong, as a sentence that follows the path. Never holds a secret. */
  readonly message: string
  /** What to do, as a sentence of its own. */
  readonly cure?: string | undefined
}

/** Something that was read and will not do what its author may expect. */
export interface ConfigWarning extends ConfigProblem {
  readonly kind: 'unknown' | 'not honoured' | 'ineffective'
}

/** Why a value cannot be read: a sentence that follows the option's path, and what to write in its place. */
export interface Unreadable {
  readonly message: string
  readonly cure?: string | undefined
}

/** Collects all that is found while a configuration is read, and remembers where each value came from. */
export class Findings {
  readonly problems: ConfigProblem[] = []
  readonly warnings: ConfigWarning[] = []
  readonly #unreadable: string[] = []
  readonly #origins = new Map<string, string>()

  /** Notes who set the option; the last voice counts. */
  cameFrom(path: string, origin: string): void {
    this.#origins.set(path, origin)
  }

  originOf(path: string): string {
    return this.#origins.get(path) ?? 'default'
  }

  /** A value that cannot be read: a problem, and a reason not to compare that option with others. */
  unreadable(path: string, { message, cure }: Unreadable): void {
    this.#unreadable.push(path)
    this.problem(path, message, cure)
  }

  /** Whether all that was set at these paths and under them could be read. */
  isReadable(...paths: readonly string[]): boolean {
    return !this.#unreadable.some((unreadable) => paths.some((path) => isAtOrUnder(unreadable, path)))
  }

  /** The same twice is one: several namespaces may share what is wrong. */
  problem(path: string, message: string, cure?: string): void {
    if (this.problems.some((other) => other.path === path && other.message === message)) return
    this.problems.push({ path, origin: this.originOf(path), message, cure })
  }

  warn(kind: ConfigWarning['kind'], path: string, message: string, cure?: string, origin = this.originOf(path)): void {
    this.warnings.push({ kind, path, origin, message, cure })
  }
}

const isAtOrUnder = (path: string, parent: string): boolean =>
  path.startsWith(parent) && (path.length === parent.length || '.['.includes(path[parent.length] ?? ''))

/** All problems as one text for a terminal, one line each under a heading that counts them. */
export const explainProblems = (problems: readonly ConfigProblem[]): string => {
  const heading = `the configuration has ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}`
  const width = Math.max(...problems.map(({ path }) => path.length))
  return [heading, ...problems.map((problem) => `  ${explainFinding(problem, width)}`)].join('\n')
}

/** One problem or warning as a line; `width` aligns several under each other. */
export const explainFinding = ({ path, origin, message, cure }: ConfigProblem, width = 0): string => {
  const from = origin === 'default' || origin === path ? '' : ` (from ${origin})`
  return `${path.padEnd(width)}  ${message}${from}.${cure === undefined ? '' : ` ${cure}`}`
}
