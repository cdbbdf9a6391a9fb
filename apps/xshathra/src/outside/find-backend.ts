import { failed, ok, type Result } from '@xshathra/protocol'
import { callControl, type Environment, ServerNotReached } from '@xshathra/server'
import { findServer } from '../ask-server.ts'
import type { Settings } from '../settings.ts'
import { type Backend, createApiBackend, createControlBackend } from './backend.ts'

/** What says in whose name a command acts. */
export interface BackendWish {
  readonly origin: string
  readonly env: Environment
  /** Of the server on this machine; absent: only a key will do. */
  readonly settings: Settings | undefined
  /** Absent: the first project that is not archived. */
  readonly projectId?: string | undefined
}

const needsKey = 'Set XSHATHRA_SERVER_API_KEY to the server key of a project.'

/**
 * A backend by the server key in the environment, else by the server that runs on this machine. A failure is a sentence on
 * what is missing.
 */
export const findBackend = async ({
  origin,
  env,
  settings,
  projectId,
}: BackendWish): Promise<Result<Backend, string>> => {
  const key = env.XSHATHRA_SERVER_API_KEY
  if (key) return ok(createApiBackend(origin, key))
  const address = settings && findServer(settings)
  if (address === undefined || 'problem' in address) return failed(needsKey)
  if (projectId !== undefined) return ok(createControlBackend(address, projectId))
  try {
    const projects = await callControl(address, 'project.list', {})
    const first = projects.ok && (projects.value as readonly ListedProject[]).find(({ archivedAt }) => !archivedAt)
    if (first) return ok(createControlBackend(address, first.projectId))
    return failed('There is no project yet. Make one: xshathra project create NAME')
  } catch (error) {
    if (error instanceof ServerNotReached) return failed(needsKey)
    throw error
  }
}

interface ListedProject {
  readonly projectId: string
  readonly archivedAt?: string
}
