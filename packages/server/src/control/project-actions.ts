import { failed, ok } from '@xshathra/protocol'
import { z } from 'zod'
import { problem } from '../problems.ts'
import type { Project } from '../projects/project.ts'
import { newProject, projectChange } from '../projects/project-input.ts'
import { action, auditedAction, type ControlAction, projectId, shown, timeOf } from './control-action.ts'
import { findUnknownNamespace } from './namespace-actions.ts'

/** Actions on projects. */
export const projectActions = {
  'project.create': auditedAction(
    newProject,
    async ({ projects, tenancy }, input) => {
      const unknown = findUnknownNamespace(tenancy, input.locked)
      if (unknown) return failed(unknown)
      const { project, serverApiKey, clientApiKey } = await projects.create(input)
      // The one place that shows a server key, and the one time.
      return ok({ projectId: project.id, serverApiKey: serverApiKey.reveal(), clientApiKey })
    },
    (input, { projectId }) => ({ target: projectId, after: input }),
  ),

  'project.list': action(z.strictObject({}), async ({ projects }) =>
    ok((await projects.list()).map((project) => ({ ...identityOf(project), ...timesOf(project) }))),
  ),

  'project.show': action(z.strictObject({ projectId }), async ({ projects }, { projectId }) =>
    shown(await projects.show(projectId), showProject),
  ),

  'project.change': auditedAction(
    z.strictObject({ projectId, changes: projectChange }),
    async ({ projects }, { projectId, changes }) => shown(await projects.change(projectId, changes), showProject),
    ({ projectId, changes }) => ({ target: projectId, after: changes }),
  ),

  'project.archive': auditedAction(
    z.strictObject({ projectId, archived: z.boolean() }),
    async ({ projects }, { projectId, archived }) =>
      shown(await projects.setArchived(projectId, archived), showProject),
    ({ projectId, archived }) => ({ target: projectId, after: { archived } }),
  ),

  /** Deleting cannot be undone, so the name has to be said too. */
  'project.delete': auditedAction(
    z.strictObject({ projectId, name: z.string() }),
    async ({ projects }, { projectId, name }) => {
      const project = await projects.show(projectId)
      if (!project.ok) return project
      if (project.value.name !== name) {
        return failed(problem('conflict', `The project is not called ${JSON.stringify(name)}.`))
      }
      return shown(await projects.remove(projectId), identityOf)
    },
    ({ projectId, name }) => ({ target: projectId, after: { name } }),
  ),
} as const satisfies Record<string, ControlAction>

const identityOf = ({ id, name, environment }: Project) => ({ projectId: id, name, environment })

const timesOf = ({ createdAtMs, archivedAtMs }: Project) => ({
  createdAt: timeOf(createdAtMs),
  archivedAt: timeOf(archivedAtMs),
})

const showProject = (project: Project) => {
  const { allowAnonymous, allowedOrigins, quotas, namespaces } = project
  return { ...identityOf(project), ...timesOf(project), allowAnonymous, allowedOrigins, quotas, namespaces }
}
