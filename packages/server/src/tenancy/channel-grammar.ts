import { failed, fitsInBytes, ok, type Result } from '@xshathra/protocol'
import type { ProjectId } from '../projects/project.ts'
import { readProjectId } from '../projects/project-id.ts'

/** What follows the namespace: any text, or `#` and the one user that a personal channel belongs to. */
export type NamespaceForm = 'plain' | 'personal'

/** The form of a deployment's namespace; undefined: there is no such namespace. */
export type FormLookup = (namespace: string) => NamespaceForm | undefined

/** A channel name that was understood. */
export interface ProjectChannel {
  /**
   * `namespace:projectId:rest`, or `namespace:#projectId:user` where channels are personal, with a leading `$` in front.
   * It is the channel's name inside the engine too, so no two projects can ever share one.
   */
  readonly fullName: string
  readonly namespace: string
  readonly projectId: ProjectId
  readonly isPrivate: boolean
  /** Whom a personal channel belongs to. */
  readonly user: string | undefined
}

export type NameFault =
  | 'no namespace'
  | 'unknown namespace'
  | 'another project'
  /** An operator has no project of its own to read a short name in. */
  | 'short name of an operator'
  | 'empty'
  | 'not personal'
  | 'too long'
  | 'ill-formed'

/** Source: Centrifugo's `channel.max_length`, which both engines keep for full names. */
export const maxNameBytes = 255

/** `proj_` and 26 characters. */
const idLength = 31
const colon = ':'
const privatePrefix = '$'
const userPrefix = '#'

/** A user that can stand behind `#`: printable ASCII without space, `#` and `,`. The shipped `channel_regex` says the same. */
const personalUser = /^[!"$-+\x2d-~]+$/

/**
 * Reads a channel name inside a project; as the operator (`caller` is `''`), full names of every project. The one place
 * that decides which channel a name means, for every door: nothing is decoded, trimmed or folded on the way but the
 * letters of a project id, so a name that is not literally a full name of the caller's project is a short one in it.
 */
export const readChannelName = (
  name: string,
  caller: ProjectId | '',
  formOf: FormLookup,
): Result<ProjectChannel, NameFault> => {
  const isPrivate = name.startsWith(privatePrefix)
  const start = isPrivate ? privatePrefix.length : 0
  const boundary = name.indexOf(colon, start)
  if (boundary <= start) return failed('no namespace')
  const namespace = name.slice(start, boundary)
  const form = formOf(namespace)
  if (form === undefined) return failed('unknown namespace')

  const isPersonal = form === 'personal' && name.startsWith(userPrefix, boundary + 1)
  const place = boundary + (isPersonal ? 2 : 1)
  const named = idAt(name, place)
  const projectId = named ?? caller
  if (projectId === '') return failed('short name of an operator')
  if (caller !== '' && projectId !== caller) return failed('another project')

  const rest = named === undefined ? name.slice(place) : name.slice(place + idLength + 1)
  if (rest === '') return failed('empty')
  if (form === 'personal' && !(isPersonal && personalUser.test(rest))) return failed('not personal')
  if (!name.isWellFormed()) return failed('ill-formed')
  const fullName =
    named !== undefined && name.startsWith(named, place) ? name : `${name.slice(0, place)}${projectId}:${rest}`
  if (!fitsInBytes(fullName, maxNameBytes)) return failed('too long')
  return ok({ fullName, namespace, projectId, isPrivate, user: isPersonal ? rest : undefined })
}

/** The project id that stands at `place` as a whole segment, in the case ids are made in. */
const idAt = (name: string, place: number): ProjectId | undefined => {
  const end = place + idLength
  return end === name.length || name[end] === colon ? readProjectId(name.slice(place, end)) : undefined
}

/** Whose channel a full name is; `''`: it is no full name. */
export const projectOf = (fullName: string): ProjectId | '' => {
  const boundary = fullName.indexOf(colon)
  const named = idAt(fullName, boundary + 1)
  return named ?? (fullName.startsWith(userPrefix, boundary + 1) ? idAt(fullName, boundary + 2) : undefined) ?? ''
}

/**
 * The short form of a full name, as its own project may write it. Undefined where there is none: the rest looks like a
 * full name itself.
 */
export const shortName = (fullName: string): string | undefined => {
  const boundary = fullName.indexOf(colon)
  const place = boundary + (fullName.startsWith(userPrefix, boundary + 1) ? 2 : 1)
  const rest = place + idLength + 1
  return idAt(fullName, rest) === undefined ? fullName.slice(0, place) + fullName.slice(rest) : undefined
}
