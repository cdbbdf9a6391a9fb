import { errors, failed, type ProtocolError, type Result } from '@xshathra/protocol'
import type { EngineApi } from '../engine.ts'
import type { EventStream } from '../events.ts'
import { isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { Scope } from '../names.ts'
import type { ApiCall } from './api-methods.ts'

export interface CallerNeeds {
  readonly api: EngineApi
  /** Whose channels and users the callers name. */
  readonly scope: Scope
  /** Told how long calls took and what failed inside them. */
  readonly events?: EventStream | undefined
}

/** Carries out one call. Never throws: what goes wrong inside is an event, and error 100 outside. */
export type ApiCaller = (method: string, call: ApiCall) => MaybePromise<Result<string, ProtocolError>>

export const createApiCaller =
  ({ api, scope, events }: CallerNeeds): ApiCaller =>
  (method, call) => {
    const startedAt = events?.wants('api') ? performance.now() : undefined
    const finish = (outcome: Result<string, ProtocolError>) => {
      if (startedAt !== undefined) {
        const failure = outcome.ok ? undefined : outcome.problem.code
        events?.emit({ kind: 'api', method, seconds: (performance.now() - startedAt) / 1000, failure })
      }
      return outcome
    }
    const surprised = (error: unknown) => {
      events?.emit({ kind: 'internal', where: `server API ${method}`, error })
      return finish(failed(errors.internal))
    }
    try {
      const outcome = call(api, scope)
      return isPromise(outcome) ? outcome.then(finish, surprised) : finish(outcome)
    } catch (error) {
      return surprised(error)
    }
  }
