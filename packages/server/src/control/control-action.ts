import type { EngineApi } from '@xshathra/engine'
import { failed, ok, type Result } from '@xshathra/protocol'
import { z } from 'zod'
import type { AccountStore } from '../accounts/account-store.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { type Problem, problem } from '../problems.ts'
import type { ProjectId } from '../projects/project.ts'
import { readProjectId } from '../projects/project-id.ts'
import type { ProjectStore } from '../projects/project-store.ts'
import type { Mint } from '../tenancy/mint.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'

/** What the actions of the command line act on: in the running server, or in a command that has opened the stores. */
export interface ControlRooms {
  readonly projects: ProjectStore
  readonly accounts: AccountStore
  readonly tenancy: ProjectTenancy
  readonly mint: Mint
  readonly engine: EngineApi
  readonly database: Database
  readonly audit: AuditLog
}

/** One thing a command asks for. Its output is JSON that people and scripts read. */
export interface ControlAction {
  run(rooms: ControlRooms, input: unknown): Promise<Result<unknown, Problem>>
  /** Of an action that changes something: what it was done to, and what of the input the audit log keeps. */
  audit?(input: unknown, output: unknown): Audited
}

export interface Audited {
  readonly target: string
  /** Never a key, a token or a password. */
  readonly after?: unknown
}

type Run<Schema extends z.ZodType, Output> = (
  rooms: ControlRooms,
  input: z.output<Schema>,
) => Promise<Result<Output, Problem>>

/** An action whose input is read by its schema. */
export const action = <Schema extends z.ZodType, Output>(input: Schema, run: Run<Schema, Output>): ControlAction => ({
  run: async (rooms, raw) => {
    const reading = input.safeParse(raw)
    return reading.success ? run(rooms, reading.data) : failed(unreadable(reading.error))
  },
})

/** An action that the audit log keeps. */
export const auditedAction = <Schema extends z.ZodType, Output>(
  input: Schema,
  run: Run<Schema, Output>,
  audit: (input: z.output<Schema>, output: Output) => Audited,
): ControlAction => ({
  ...action(input, run),
  // Called with what was read and what run answered, and with nothing else.
  audit: (raw, output) => audit(input.parse(raw), output as Output),
})

const unreadable = ({ issues: [issue] }: z.ZodError): Problem => {
  const field = issue?.path.join('.') || undefined
  return problem('invalid_body', issue && `${field ?? 'The input'}: ${issue.message}`, { field })
}

/** A project's id, in any case. */
export const projectId = z.string().transform((text, context): ProjectId => {
  const id = readProjectId(text)
  if (id !== undefined) return id
  context.issues.push({ code: 'custom', message: `${JSON.stringify(text)} is no project id`, input: text })
  return z.NEVER
})

/** A result whose value is shown in another form. */
export const shown = <Value, Shown>(
  result: Result<Value, Problem>,
  show: (value: Value) => Shown,
): Result<Shown, Problem> => (result.ok ? ok(show(result.value)) : result)

/** A time as people and scripts read it. */
export const timeOf = (unixMs: number | undefined): string | undefined =>
  unixMs === undefined ? undefined : new Date(unixMs).toISOString()
