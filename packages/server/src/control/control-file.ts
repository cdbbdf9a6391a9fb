import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How commands on this machine reach the running server. */
export interface ControlAddress {
  /** Origin that the server listens on. */
  readonly url: string
  /** Made anew at each start; whoever can read the data directory has it. */
  readonly token: string
}

const fileIn = (directory: string): string => join(directory, 'control.json')

/** Tells commands how to reach this server; readable for this user alone, and never half written. */
export const writeControlFile = (directory: string, address: ControlAddress): void => {
  const draft = `${fileIn(directory)}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(address)}\n`, { mode: 0o600, flag: 'wx' })
  renameSync(draft, fileIn(directory))
}

export const removeControlFile = (directory: string): void => rmSync(fileIn(directory), { force: true })

/** Undefined where there is none: no server runs, or it was killed while it started. */
export const readControlFile = (directory: string): ControlAddress | undefined => {
  try {
    const { url, token } = JSON.parse(readFileSync(fileIn(directory), 'utf8')) as Partial<ControlAddress>
    return typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}
