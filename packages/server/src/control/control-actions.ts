import { failed, type Result } from '@xshathra/protocol'
import { type Problem, problem } from '../problems.ts'
import { accountActions } from './account-actions.ts'
import { backupActions } from './backup-actions.ts'
import { channelActions } from './channel-actions.ts'
import type { ControlAction, ControlRooms } from './control-action.ts'
import { keyActions } from './key-actions.ts'
import { namespaceActions } from './namespace-actions.ts'
import { projectActions } from './project-actions.ts'

/** Everything that the command line can ask of a server, by name. */
export const controlActions = {
  ...projectActions,
  ...keyActions,
  ...namespaceActions,
  ...accountActions,
  ...channelActions,
  ...backupActions,
} as const satisfies Record<string, ControlAction>

export type ControlActionName = keyof typeof controlActions

const isActionName = (name: string): name is ControlActionName => Object.hasOwn(controlActions, name)

/** Carries out an action, and keeps what changed something in the audit log. */
export const runControlAction = async (
  name: string,
  input: unknown,
  rooms: ControlRooms,
): Promise<Result<unknown, Problem>> => {
  if (!isActionName(name)) return failed(problem('not_found', `There is no action ${name}.`))
  const action: ControlAction = controlActions[name]
  const outcome = await action.run(rooms, input)
  const audited = outcome.ok ? action.audit?.(input, outcome.value) : undefined
  if (audited) await rooms.audit.record({ actor: 'cli', action: name, ...audited })
  return outcome
}
