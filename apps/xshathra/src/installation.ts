import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Standard places of what the server reads and writes. */
export interface Installation {
  readonly dataDir: string
  readonly engineConfig: string
}

const engineConfig = join('centrifugo', 'config.json')

/** In a checkout and in the container image: its root, wherever the command is called. Elsewhere: the current directory. */
export const findInstallation = (): Installation => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const base = existsSync(join(root, engineConfig)) ? root : '.'
  return { dataDir: join(base, 'data'), engineConfig: join(base, engineConfig) }
}
