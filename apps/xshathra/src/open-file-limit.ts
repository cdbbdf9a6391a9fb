import { readFileSync } from 'node:fs'

/** Below this, a note: each connection takes one file, and a small limit shows itself only on the day it is reached. */
const comfortable = 16_384

/**
 * A line for the operator where the system allows this process few open files; absent where there are enough, or where
 * nobody knows. Node has raised the soft limit to the hard one by itself, so only the operator can raise it further.
 */
export const noteOpenFileLimit = (limits: string | undefined = readLimits()): string | undefined => {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1] ?? Number.NaN)
  if (!(limit < comfortable)) return undefined
  return `the system allows ${limit} open files, and every connection takes one. Raise it with ulimit -n, or LimitNOFILE in systemd`
}

const readLimits = (): string | undefined => {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // Only Linux tells.
    return undefined
  }
}
