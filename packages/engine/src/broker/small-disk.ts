import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own that a test may fill. */
export interface SmallDisk {
  readonly path: string
  /** Takes all the room there is. */
  fill(): void
  /** Gives back what {@link fill} took. */
  empty(): void
  unmount(): void
}

/** Mounts a tmpfs of some size; undefined where this user may not. */
export const mountSmallDisk = (bytes: number): SmallDisk | undefined => {
  const path = mkdtempSync(join(tmpdir(), 'xshathra-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    rmdirSync(path)
    return undefined
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill() {
      try {
        writeFileSync(filler, Buffer.alloc(bytes))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    empty: () => rmSync(filler, { force: true }),
    unmount() {
      execFileSync('umount', [path])
      rmdirSync(path)
    },
  }
}
