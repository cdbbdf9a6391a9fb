import { existsSync, read, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'

const readFrom = promisify(read)

/** What is held in memory of the file at a time. */
const pieceBytes = 1024 * 1024

/**
 * Copies the first `bytes` of an open file, which nobody writes meanwhile, into a file that is not there yet, for this
 * user alone. It works beside the event loop, and gives the file its name only once all of it is on the disk. Aborting
 * ends it after the current piece. Throws a sentence for people, and leaves nothing behind then.
 */
export const copyFile = async (source: number, bytes: number, path: string, signal: AbortSignal): Promise<void> => {
  if (existsSync(path)) throw new Error(`The file ${path} exists already. Choose another name.`)
  const draft = `${path}.new`
  let target: FileHandle | undefined
  try {
    rmSync(draft, { force: true })
    target = await open(draft, 'wx', 0o600)
    await copyPieces(source, bytes, target, signal)
    await target.sync()
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    if (signal.aborted) throw signal.reason
    throw new Error(`The copy ${path} could not be written (${(error as Error).message}).`, { cause: error })
  } finally {
    await target?.close()
  }
}

const copyPieces = async (source: number, bytes: number, target: FileHandle, signal: AbortSignal): Promise<void> => {
  const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, bytes))
  for (let at = 0; at < bytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await readFrom(source, buffer, 0, Math.min(buffer.length, bytes - at), at)
    if (bytesRead === 0) throw new Error('the file ended early')
    await target.writeFile(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}
