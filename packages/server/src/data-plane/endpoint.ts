import type { MaybePromise } from '@xshathra/engine'
import type { Result } from '@xshathra/protocol'
import type { z } from 'zod'
import type { Problem, ProblemCode } from '../problems.ts'
import type { Project } from '../projects/project.ts'
import type { ProjectRules } from '../tenancy/project-rules.ts'
import type { RawObject } from './raw-json.ts'

/** Who calls: the project whose key was sent. */
export interface Caller {
  readonly project: Project
  readonly rules: ProjectRules
}

/** JSON text of the answer, or why there is none. */
export type Answer = Result<string, Problem>

export interface Call<Body> {
  readonly caller: Caller
  readonly body: Body
  /** The body as it was written. */
  readonly raw: RawObject
}

/** One method of the data plane: its schemas validate, document and type it. */
export interface Endpoint<Schema extends z.ZodType = z.ZodType> {
  /** Under `/api/realtime`. */
  readonly path: `/${string}`
  /** Its name in a batch and in the OpenAPI document. */
  readonly name: string
  readonly summary: string
  readonly body: Schema
  readonly reply: z.ZodType
  /** What it may be refused with beside what every endpoint may. */
  readonly problems: readonly ProblemCode[]
  readonly run: (call: Call<z.output<Schema>>) => MaybePromise<Answer>
  /** Runs the usual body at once, read without the schema; undefined: the schema has to look. Same rules, less work. */
  readonly runQuick?: (caller: Caller, text: Buffer) => MaybePromise<Answer> | undefined
}

/** Ties the body's schema to what runs on it; afterwards endpoints of all bodies go in one list. */
export const endpoint = <Schema extends z.ZodType>(definition: Endpoint<Schema>): Endpoint<Schema> => definition
