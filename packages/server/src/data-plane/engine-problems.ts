import type { EngineStatus } from '@xshathra/engine'
import { errors, type ProtocolError } from '@xshathra/protocol'
import { type Problem, problem } from '../problems.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'
import type { Caller } from './endpoint.ts'

export interface EngineProblemNeeds {
  readonly tenancy: ProjectTenancy
  readonly engine: { status(): EngineStatus }
}

/** What a call was about, for the field that a problem names. */
export interface CallSubject {
  readonly channel?: string | undefined
  /** Field of the body that holds the channel; absent: `channel`. */
  readonly field?: string | undefined
}

/** Says in HTTP what the engine refused. The reason for a name is asked for again: the engine knows only its number. */
export const createEngineProblems =
  ({ tenancy, engine }: EngineProblemNeeds) =>
  (error: ProtocolError, { project }: Caller, { channel, field = 'channel' }: CallSubject): Problem => {
    if (channel !== undefined) {
      const resolution = tenancy.resolve(project.id, channel)
      if (resolution.kind === 'refused') return problem(resolution.problem, resolution.rule, { field })
    }
    switch (error.code) {
      case errors.notAvailable.code:
        return problem('not_available', undefined, { field })
      case errors.unrecoverablePosition.code:
        return problem('unrecoverable_position', undefined, { field: 'since' })
      case errors.badRequest.code:
        return problem('invalid_body', 'data: is not in the format that the namespace asks for.', { field: 'data' })
      default:
        return engine.status().ready
          ? problem('store_unavailable', undefined, { retryAfterSeconds: 1, cause: error })
          : problem('engine_unavailable', undefined, { retryAfterSeconds: 1, cause: error })
    }
  }

export type EngineProblems = ReturnType<typeof createEngineProblems>
