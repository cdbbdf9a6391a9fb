import type { MessageIssue } from '../result.ts'
import type { SchemaIssue, SchemaVerdict, StandardSchema } from './standard-schema.ts'

/** A channel whose messages are known: its name and their schema. `defineChannels` makes them. */
export interface TypedChannel<Input = unknown, Output = unknown> {
  readonly name: string
  readonly message: StandardSchema<Input, Output>
}

/** Wherever a channel is asked for: its name, or a typed channel. */
export type Channel = string | TypedChannel

/** What may be published in a channel. */
export type Sent<Of extends Channel> = Of extends TypedChannel<infer Input, infer _Output> ? Input : unknown

/** What arrives from a channel. */
export type Received<Of extends Channel> = Of extends TypedChannel<infer _Input, infer Output> ? Output : unknown

/** A message after its schema has seen it. */
export type MessageVerdict =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly MessageIssue[] }

export const nameOf = (channel: Channel): string => (typeof channel === 'string' ? channel : channel.name)

/** Throws a TypeError unless this is a channel. */
export const assertChannel = (channel: unknown): void => {
  const { message, name } = Object(channel) as Partial<TypedChannel>
  const told = message?.['~standard'] ? name : channel
  if (typeof told !== 'string' || told === '')
    throw new TypeError('channel must be a name, or come from defineChannels')
}

/**
 * Holds a message against the schema of its channel; a channel that is only a name accepts everything. Waits only where
 * the schema does. A schema that throws has refused.
 */
export const checkMessage = (channel: Channel, data: unknown): MessageVerdict | Promise<MessageVerdict> => {
  if (typeof channel === 'string') return { ok: true, value: data }
  try {
    const verdict = channel.message['~standard'].validate(data)
    return verdict instanceof Promise ? verdict.then(read, refuse) : read(verdict)
  } catch (error) {
    return refuse(error)
  }
}

/** The sentence about a message that does not fit. */
export const describeIssues = (channel: Channel, issues: readonly MessageIssue[]): string => {
  const told = issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  return `The message does not fit the schema of ${nameOf(channel)}: ${told.join('; ')}`
}

const read = (verdict: SchemaVerdict<unknown>): MessageVerdict =>
  verdict.issues === undefined
    ? { ok: true, value: verdict.value }
    : { ok: false, issues: verdict.issues.map(readIssue) }

const readIssue = ({ message, path = [] }: SchemaIssue): MessageIssue => ({
  message,
  path: path.map((step) => {
    const key = typeof step === 'object' ? step.key : step
    return typeof key === 'number' ? key : String(key)
  }),
})

const refuse = (error: unknown): MessageVerdict => ({
  ok: false,
  issues: [{ message: error instanceof Error ? error.message : String(error), path: [] }],
})
