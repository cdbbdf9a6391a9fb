import { errors, failed, type ProtocolError, type Result } from '@xshathra/protocol'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import { errorJson } from './answer-json.ts'
import type { ApiCaller } from './api-caller.ts'
import { type ApiCall, type ApiMethod, apiMethods, type CallReader, notFound } from './api-methods.ts'
import { type FieldReader, fieldsReader, flag, list, nested } from './request-fields.ts'
import { runInOrder, runTogether } from './run-calls.ts'

const callField = (read: CallReader): FieldReader<ApiCall | undefined> => ({
  absent: undefined,
  read: (scanner, previous) => (scanner.takeNull() ? previous : read(scanner)),
})

const methodNames = Object.keys(apiMethods) as ApiMethod[]

const command = nested(Object.fromEntries(methodNames.map((name) => [name, callField(apiMethods[name])])))

type Command = typeof command.absent

/** Reads a batch: commands that are objects of one member, the method's name with its parameters. */
export const readBatch = fieldsReader({ commands: list(command), parallel: flag })

/** Carries out a batch, one command after the other unless it asks for all at once, and answers each in its place. */
export const carryOutBatch = (
  { commands, parallel }: ReturnType<typeof readBatch>,
  caller: ApiCaller,
): MaybePromise<string> => {
  if (commands.length === 0) return '{}'
  const one = (command: Command) => replyTo(command, caller)
  const replies = parallel ? runTogether(commands, one) : runInOrder(commands, one)
  return whenReady(replies, (all) => `{"replies":[${all.join()}]}`)
}

const replyTo = (command: Command, caller: ApiCaller): MaybePromise<string> => {
  if (command === undefined) return replyJson('', failed(errors.badRequest))
  const name = methodNames.find((method) => command[method] !== undefined)
  const call = name && command[name]
  if (name === undefined || call === undefined) return replyJson('', failed(notFound))
  return whenReady(caller(name, call), (outcome) => replyJson(name, outcome))
}

const replyJson = (method: string, outcome: Result<string, ProtocolError>): string =>
  outcome.ok ? `{"${method}":${outcome.value}}` : `{"error":${errorJson(outcome.problem)}}`
