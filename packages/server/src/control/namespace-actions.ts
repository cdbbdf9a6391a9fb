import { nearestName } from '@xshathra/engine'
import { failed, ok, type Result } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problem } from '../problems.ts'
import type { ProjectId } from '../projects/project.ts'
import { namespaceChange } from '../projects/project-input.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'
import { action, auditedAction, type ControlAction, projectId } from './control-action.ts'

const aNamespace = { projectId, namespace: z.string() }

/** Actions on what a project changes of a namespace. */
export const namespaceActions = {
  'namespace.get': action(z.strictObject(aNamespace), async ({ tenancy }, { projectId, namespace }) =>
    showNamespace(tenancy, projectId, namespace),
  ),

  'namespace.set': auditedAction(
    z.strictObject({ ...aNamespace, changes: namespaceChange }),
    async ({ projects, tenancy }, { projectId, namespace, changes }) => {
      const refusal = findUnknownNamespace(tenancy, [namespace]) ?? tenancy.refuseSettings(namespace, changes)
      if (refusal) return failed(refusal)
      const changed = await projects.changeNamespace(projectId, namespace, changes)
      return changed.ok ? showNamespace(tenancy, projectId, namespace) : changed
    },
    ({ projectId, namespace, changes }) => ({ target: projectId, after: { namespace, ...changes } }),
  ),
} as const satisfies Record<string, ControlAction>

/** The problem of the first name that is no namespace of the deployment. */
export const findUnknownNamespace = (tenancy: ProjectTenancy, names: readonly string[]): Problem | undefined => {
  const known = tenancy.namespaceNames()
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return undefined
  const meant = nearestName(unknown, known)
  const hint = meant ? `Did you mean ${meant}?` : `There are: ${known.join(', ')}.`
  return problem('unknown_namespace', `There is no namespace ${JSON.stringify(unknown)}. ${hint}`)
}

/** What the project has set, and the rules in force with it. */
const showNamespace = (tenancy: ProjectTenancy, id: ProjectId, name: string): Result<unknown, Problem> => {
  const project = tenancy.rulesOf(id)
  if (project === undefined || project.project.isSystem)
    return failed(problem('not_found', `There is no project ${id}.`))
  const unknown = findUnknownNamespace(tenancy, [name])
  if (unknown) return failed(unknown)
  const { rules, isLocked } = project.namespace(name)!
  return ok({
    namespace: name,
    set: project.project.namespaces[name] ?? {},
    inForce: {
      locked: isLocked,
      tokenNeeded: !rules.allowSubscribeForClient && !rules.allowUserLimitedChannels,
      anonymous: rules.allowSubscribeForAnonymous,
      clientPublish: rules.publish.forSubscriber,
      presence: rules.presence,
      historySize: rules.history?.size ?? 0,
      historyTtlSeconds: (rules.history?.ttlMs ?? 0) / 1000,
    },
  })
}
