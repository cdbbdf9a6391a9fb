import { newUlid } from '../database/ulid.ts'
import type { ProjectId } from './project.ts'

/** Crockford's base 32 in either case, spelled out: flags of a RegExp would let look-alikes in. */
const pattern = /^proj_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$/

export const newProjectId = (nowMs: number): ProjectId => `proj_${newUlid(nowMs)}`

/** The id that a text is in any case of its letters, in the case ids are made in; undefined: it is no project id. */
export const readProjectId = (text: string): ProjectId | undefined =>
  pattern.test(text) ? `proj_${text.slice(5).toUpperCase()}` : undefined
