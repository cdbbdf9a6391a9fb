import type { ProjectId } from '../projects/project.ts'
import { readProjectId } from '../projects/project-id.ts'

/** `proj_` and 26 characters. */
const idLength = 31

/** A user's name where projects are not kept apart otherwise: in minted tokens, and for operators. */
export const fullUser = (projectId: ProjectId, user: string): string => `${projectId}:${user}`

/** Takes a full user apart. Undefined: it starts with no project id. */
export const readFullUser = (text: string): { readonly projectId: ProjectId; readonly user: string } | undefined => {
  const projectId = text[idLength] === ':' ? readProjectId(text.slice(0, idLength)) : undefined
  return projectId && { projectId, user: text.slice(idLength + 1) }
}
