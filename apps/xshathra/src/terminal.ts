import type { SignalSource } from './stop-signals.ts'

/** What a command sees of the process around it; read once, in main.ts. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** SIGINT, SIGTERM and SIGHUP. */
  readonly signals: SignalSource
  /** Writes a line to standard output. */
  print(line: string): void
  /** Writes a line to standard error, after the program's name. */
  complain(line: string): void
  /** Reads standard input to its end. */
  readInput(): Promise<string>
}
