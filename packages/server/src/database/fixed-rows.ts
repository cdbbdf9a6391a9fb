import type { ProjectId } from '../projects/project.ts'

/** The one organisation of a deployment. */
export const organisationId = 'org_00000000000000000000000000'

/** Our own project behind inspector and sandbox: the same in every deployment, and of a time before any other. */
export const systemProjectId: ProjectId = 'proj_00000000000000000000000000'
