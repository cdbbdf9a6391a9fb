import { existsSync } from 'node:fs'
import { DataDirectoryInUse } from '@xshathra/engine'
import { failed } from '@xshathra/protocol'
import {
  type ControlActionName,
  type ControlAddress,
  type ControlOutcome,
  callControl,
  openPlatform,
  readControlFile,
  runControlAction,
  ServerNotReached,
} from '@xshathra/server'
import { sentenceOf } from './people-can-help.ts'
import type { Settings } from './settings.ts'
import type { Terminal } from './terminal.ts'

/** Carries out an action: in the running server, or, where none runs, on the data directory itself. */
export const askServer = async (
  settings: Settings,
  terminal: Terminal,
  action: ControlActionName,
  input: unknown,
): Promise<ControlOutcome> => {
  const { dataDir } = settings.config
  if (!existsSync(dataDir)) return failed(noDataDirectory(dataDir))
  const address = readControlFile(dataDir)
  const answered = address && (await tryServer(address, action, input))
  return answered ?? runHere(settings, terminal, action, input)
}

/** How to reach the running server; a failure with a sentence where none runs. */
export const findServer = ({ config: { dataDir } }: Settings): ControlAddress | { readonly problem: string } => {
  if (!existsSync(dataDir)) return { problem: noDataDirectory(dataDir).message }
  return readControlFile(dataDir) ?? { problem: 'No server runs on this data directory. Start one with: npm start' }
}

const noDataDirectory = (dataDir: string) => ({
  code: 'no_data_directory',
  message: `There is no data directory ${dataDir}. The first start makes it: npm start`,
})

/** Undefined: the server that left its address is gone. */
const tryServer = async (
  address: ControlAddress,
  action: ControlActionName,
  input: unknown,
): Promise<ControlOutcome | undefined> => {
  try {
    return await callControl(address, action, input)
  } catch (error) {
    if (error instanceof ServerNotReached) return undefined
    throw error
  }
}

const runHere = async (
  settings: Settings,
  { env }: Terminal,
  action: ControlActionName,
  input: unknown,
): Promise<ControlOutcome> => {
  try {
    // Log lines would stand between the lines of the answer.
    const platform = await openPlatform({ ...settings, env, log: { write: () => {} } })
    try {
      return await runControlAction(action, input, platform.rooms)
    } finally {
      await platform.close()
    }
  } catch (error) {
    if (error instanceof DataDirectoryInUse) return failed(serverIsBusy)
    const sentence = sentenceOf(error)
    if (sentence === undefined) throw error
    return failed({ code: 'store_unavailable', message: sentence })
  }
}

/** The lock is held and nobody answers: the server is starting or stopping. */
const serverIsBusy = {
  code: 'engine_unavailable',
  message: 'A server has the data directory and does not answer yet. Try again in a moment.',
}
