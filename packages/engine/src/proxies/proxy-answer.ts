import { errors } from '@xshathra/protocol'
import { JsonMembers } from '../json/json-members.ts'
import type { Refusal } from '../tenancy.ts'
import type { NoAnswer } from './http-proxy.ts'

/**
 * Reads an answer of a backend: `disconnect` counts first, then `error`, then `result`. `{}` and a null result are the
 * reader's to give a meaning to. An answer that is not what it should be is error 100, like no answer at all.
 */
const readProxyAnswer = <Answer>(
  body: Buffer,
  readResult: (result: JsonMembers | undefined) => Answer,
): Answer | Refusal => {
  const members = parseAnswer(body)
  if (members === undefined) return unreadable('it is no JSON object')
  const refusal = readDisconnect(members.object('disconnect')) ?? readError(members.object('error'))
  const answer = refusal ?? readResult(members.object('result'))
  return members.wrongMember === undefined ? answer : unreadable(`${members.wrongMember} does not fit`)
}

/** The answers of events that a client waits for: a backend that says nothing has refused. */
export const answers = <Answer>(readResult: (result: JsonMembers | undefined) => Answer) => ({
  read: (body: Buffer): Answer | Refusal => readProxyAnswer(body, readResult),
  withoutAnswer: ({ refusal }: NoAnswer): Answer | Refusal => refusal,
})

/** Undefined where it is no JSON object. Languages with a null object write `null` where others write `{}`. */
export const parseAnswer = (body: Buffer): JsonMembers | undefined =>
  JsonMembers.parse(isNull(body) ? Buffer.from('{}') : body)

const isNull = (body: Buffer): boolean => body.length < 16 && body.toString('latin1').trim() === 'null'

const unreadable = (detail: string): Refusal => ({
  kind: 'error',
  error: errors.internal,
  rule: 'proxy answer unreadable',
  detail,
})

const readDisconnect = (members: JsonMembers | undefined): Refusal | undefined =>
  members && {
    kind: 'disconnect',
    disconnect: { code: readCode(members), reason: members.string('reason') ?? '' },
    rule: 'proxy disconnects',
  }

const readError = (members: JsonMembers | undefined): Refusal | undefined =>
  members && {
    kind: 'error',
    error: {
      code: readCode(members),
      message: members.string('message') ?? '',
      temporary: members.boolean('temporary') ?? false,
    },
    rule: 'proxy refuses',
  }

/** Codes are 32 bits wide on the wire, and 0 is none. */
const readCode = (members: JsonMembers): number => {
  const code = members.integer('code') ?? 0
  if (code < 1 || code > 0xffff_ffff) members.refuse('code')
  return code
}

/** Unix seconds; 0 and below: never. */
export const readExpireAt = (members: JsonMembers): number | undefined => {
  const expireAt = members.integer('expire_at') ?? 0
  return expireAt > 0 ? expireAt : undefined
}
