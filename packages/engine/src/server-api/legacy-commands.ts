import { errors, failed, type JsonScanner, type ProtocolError, type Result } from '@xshathra/protocol'
import { type MaybePromise, whenReady } from '../maybe-promise.ts'
import { errorJson } from './answer-json.ts'
import type { ApiCaller } from './api-caller.ts'
import { type ApiCall, type ApiMethod, apiMethods, notFound } from './api-methods.ts'
import { type FieldReader, fieldsReader, maxElements, raw, readJson, uint32 } from './request-fields.ts'
import { runInOrder } from './run-calls.ts'

/** Methods by the numbers that the oldest clients send in place of names. */
const numberedMethods: readonly ApiMethod[] = [
  'publish',
  'broadcast',
  'unsubscribe',
  'disconnect',
  'presence',
  'presence_stats',
  'history',
  'history_remove',
  'channels',
  'info',
  'rpc',
  'subscribe',
  'refresh',
]

/** A name in any case, or a number; an unknown name does not fit, an unknown number is answered with 104. */
const legacyMethod: FieldReader<ApiMethod | undefined> = {
  absent: 'publish',
  read(scanner) {
    const json = scanner.raw().toString()
    const value: unknown = scanner.failed ? undefined : JSON.parse(json)
    if (typeof value === 'number' && Number.isInteger(value)) return numberedMethods[value]
    const name = typeof value === 'string' ? value.toLowerCase() : ''
    if (isMethod(name)) return name
    scanner.fail()
    return undefined
  },
}

const isMethod = (name: string): name is ApiMethod => Object.hasOwn(apiMethods, name)

const readCommand = fieldsReader({ id: uint32, method: legacyMethod, params: raw })

type LegacyCommand = ReturnType<typeof readCommand>

/** Reads commands `{"id","method","params"}`, one per line or one right behind the other. */
export const readLegacyCommands = (scanner: JsonScanner): readonly LegacyCommand[] => {
  const commands: LegacyCommand[] = []
  do {
    if (commands.length === maxElements) scanner.fail()
    commands.push(readCommand(scanner))
  } while (!scanner.failed && !scanner.isComplete())
  return commands
}

/** Carries out the commands one after the other and answers one line for each. */
export const carryOutLegacy = (commands: readonly LegacyCommand[], caller: ApiCaller): MaybePromise<string> =>
  whenReady(
    runInOrder(commands, (command) => replyTo(command, caller)),
    (lines) => lines.join('\n'),
  )

const replyTo = ({ id, method, params }: LegacyCommand, caller: ApiCaller): MaybePromise<string> => {
  if (method === undefined) return lineOf(id, failed(notFound))
  const call = readParams(method, params)
  if (call === undefined) return lineOf(id, failed(errors.badRequest))
  return whenReady(caller(method, call), (outcome) => lineOf(id, outcome))
}

/** Only `info` can do without parameters. */
const readParams = (method: ApiMethod, params: Uint8Array | undefined): ApiCall | undefined => {
  if (params === undefined && method !== 'info') return undefined
  return readJson(params === undefined ? Buffer.from('{}') : Buffer.from(params), apiMethods[method])
}

/** Payloads bring line breaks of their own, which would cut the line; in JSON they are only ever white space. */
const lineOf = (id: number, outcome: Result<string, ProtocolError>): string => {
  const answer = outcome.ok ? `"result":${outcome.value}` : `"error":${errorJson(outcome.problem)}`
  return `{${id === 0 ? '' : `"id":${id},`}${answer}}`.replaceAll('\n', '')
}
