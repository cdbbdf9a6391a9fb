import { accessSync, constants } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that claims to be a Centrifugo: started with `command… --config FILE`, stopped by SIGTERM. */
export interface Target {
  readonly name: 'xshathra' | 'centrifugo'
  readonly command: readonly string[]
}

declare module 'vitest' {
  interface ProvidedContext {
    target: Target
  }
}

const repository = resolve(fileURLToPath(import.meta.url), '../../..')

/**
 * Our own engine; `XSHATHRA_BIN` names another build of it. Started by this Node with the condition that its launcher
 * looks for, so that the server is the process that we start and not a child of it.
 */
export const xshathraTarget = (env: NodeJS.ProcessEnv): Target => ({
  name: 'xshathra',
  command: [
    process.execPath,
    '--conditions=@xshathra/source',
    env.XSHATHRA_BIN ?? join(repository, 'apps/xshathra/bin/xshathra.js'),
    'engine',
  ],
})

/** The reference: `CENTRIFUGO_BIN`, or the first `centrifugo` of PATH; undefined where there is none. */
export const centrifugoTarget = (env: NodeJS.ProcessEnv): Target | undefined => {
  const candidates = env.CENTRIFUGO_BIN
    ? [env.CENTRIFUGO_BIN]
    : (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'centrifugo'))
  const found = candidates.find(isExecutable)
  if (env.CENTRIFUGO_BIN && !found) throw new Error(`CENTRIFUGO_BIN is not an executable file: ${env.CENTRIFUGO_BIN}`)
  return found ? { name: 'centrifugo', command: [found] } : undefined
}

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
