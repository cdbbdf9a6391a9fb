import { isUtf8 } from 'node:buffer'
import type { PublishOutcome, PublishParams } from '@xshathra/engine'
import { isPromise, type MaybePromise, whenReady } from '@xshathra/engine'
import { failed, JsonScanner, ok, type ProtocolError, type Result, type Tags } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problemBody } from '../../problems.ts'
import { positionJson, publishedJson } from '../answer-json.ts'
import { type Caller, endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'
import { anyJson, boundedText, channel, epoch, offset } from '../fields.ts'
import { tooLarge } from '../read-body.ts'

export const maxTags = 32
const maxChannels = 1000
const maxKeyBytes = 255

/** Not a record of zod's, which would lose a tag named `__proto__`. */
const isTags = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const entries: [string, unknown][] = Object.entries(value)
  return (
    entries.length <= maxTags &&
    entries.every(([tag, text]) => tag.isWellFormed() && typeof text === 'string' && text.isWellFormed())
  )
}

const publication = {
  data: anyJson.meta({ description: 'Any JSON; delivered byte for byte as written.' }),
  tags: z
    .custom<Tags>(isTags, `takes ${maxTags} tags at most, each a string`)
    .meta({ type: 'object', additionalProperties: { type: 'string' }, maxProperties: maxTags })
    .optional(),
  idempotencyKey: boundedText(1, maxKeyBytes)
    .meta({
      description: 'Repeating it in a channel within 5 minutes publishes nothing and answers the first position.',
    })
    .optional(),
  skipHistory: z.boolean().optional(),
  delta: z.boolean().optional(),
}

export const publishBody = z.strictObject({ channel, ...publication })
export const broadcastBody = z.strictObject({ channels: z.array(channel).min(1).max(maxChannels), ...publication })

const position = { offset: offset.optional(), epoch: epoch.optional() }
const problems = [
  'invalid_channel',
  'channel_of_another_project',
  'namespace_not_allowed',
  'unknown_namespace',
] as const

type PublicationFields = Omit<PublishParams, 'channel'>

/** Publishes to one channel, or to many of which a refused one is refused alone. */
export const publishEndpoints = (needs: EndpointNeeds) => {
  const publishOne = createPublish(needs)
  return {
    publish: endpoint({
      path: '/publish',
      name: 'publish',
      summary: 'Publish to a channel',
      body: publishBody,
      reply: z.strictObject({ ok: z.literal(true), ...position }),
      problems: [...problems, 'store_unavailable'],
      run: ({ caller, body, raw }) => publishOne(caller, body.channel, fieldsOf(body, raw.member('data'))),
      runQuick: (caller, text) => {
        const quick = readQuickPublish(text)
        return quick && publishOne(caller, quick.channel, quick.fields)
      },
    }),
    broadcast: endpoint({
      path: '/broadcast',
      name: 'broadcast',
      summary: 'Publish the same to many channels',
      body: broadcastBody,
      reply: z.strictObject({
        ok: z.literal(true),
        results: z.array(
          z.union([
            z.strictObject({ channel, ...position }),
            z.strictObject({ channel, error: z.strictObject({ code: z.string(), message: z.string() }) }),
          ]),
        ),
      }),
      problems: [],
      run: ({ caller, body, raw }) => broadcast(needs, caller, body.channels, fieldsOf(body, raw.member('data'))),
    }),
  }
}

const fieldsOf = (
  { tags, idempotencyKey, skipHistory, delta }: Omit<z.output<typeof publishBody>, 'channel' | 'data'>,
  data: Buffer | undefined,
): PublicationFields => ({ data: data ?? nothing, isJson: true, tags, idempotencyKey, skipHistory, delta })

const nothing = Buffer.alloc(0)

/** What a publication has to pass before the engine sees it: its size, and the project's rate. */
const refusePublication = (
  { tenancy }: EndpointNeeds,
  { project, rules: { quotas } }: Caller,
  { data }: PublicationFields,
  count: number,
): Problem | undefined =>
  quotas.messageBytes !== undefined && data.length > quotas.messageBytes
    ? tooLarge('message', data.length, quotas.messageBytes, 'data')
    : tenancy.publishRates.take(project.id, quotas.publishesPerSecond, count)

/** Publishes for a caller whose body was read. */
const createPublish = (needs: EndpointNeeds) => {
  const { engine, problemOf } = needs
  return (caller: Caller, name: string, fields: PublicationFields): MaybePromise<Result<string, Problem>> => {
    const refusal = refusePublication(needs, caller, fields, 1)
    if (refusal) return failed(refusal)
    return whenReady(engine.api.publish(caller.project.id, { channel: name, ...fields }), (outcome) =>
      outcome.ok ? ok(publishedJson(outcome.value)) : failed(problemOf(outcome.problem, caller, { channel: name })),
    )
  }
}

const broadcast = (
  needs: EndpointNeeds,
  caller: Caller,
  names: readonly string[],
  fields: PublicationFields,
): MaybePromise<Result<string, Problem>> => {
  const refusal = refusePublication(needs, caller, fields, names.length)
  if (refusal) return failed(refusal)
  const outcomes = names.map((name) => needs.engine.api.publish(caller.project.id, { channel: name, ...fields }))
  const answer = (settled: readonly Result<PublishOutcome, ProtocolError>[]) =>
    ok(`{"ok":true,"results":[${settled.map((outcome, at) => resultJson(needs, caller, names[at]!, outcome)).join()}]}`)
  return outcomes.some(isPromise)
    ? Promise.all(outcomes).then(answer)
    : answer(outcomes as Result<PublishOutcome, ProtocolError>[])
}

/** Full names of what was published; a name that was refused stands as it was written. */
const resultJson = (
  { tenancy, problemOf }: EndpointNeeds,
  caller: Caller,
  name: string,
  outcome: Result<PublishOutcome, ProtocolError>,
): string => {
  if (!outcome.ok) {
    const { code, message } = problemBody(
      problemOf(outcome.problem, caller, { channel: name, field: 'channels' }),
    ).error
    return JSON.stringify({ channel: name, error: { code, message } })
  }
  const resolution = tenancy.resolve(caller.project.id, name)
  const fullName = resolution.kind === 'resolved' ? resolution.channel : name
  const where = positionJson(outcome.value)
  return `{"channel":${JSON.stringify(fullName)}${where === '' ? '' : `,${where}`}}`
}

/** The fields of a publish that was read without its schema. */
export interface QuickPublish {
  readonly channel: string
  readonly fields: PublicationFields
}

/**
 * Reads the usual publish in one pass, at a tenth of what parsing and its schema cost. It takes only what the schema
 * takes as well; for anything else it gives undefined, and the schema finds the words.
 */
export const readQuickPublish = (body: Buffer): QuickPublish | undefined => {
  if (!isUtf8(body)) return undefined
  const scanner = new JsonScanner(body)
  let name: string | undefined
  let data: Buffer | undefined
  let tags: Tags | undefined
  let idempotencyKey: string | undefined
  let skipHistory: boolean | undefined
  let delta: boolean | undefined
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    const field = scanner.name()
    if (field === 'data') {
      data = scanner.raw()
      continue
    }
    // No other field may be null.
    if (scanner.takeNull()) return undefined
    if (field === 'channel') name = scanner.string('')
    else if (field === 'idempotencyKey') idempotencyKey = scanner.string('')
    else if (field === 'skipHistory') skipHistory = scanner.boolean(false)
    else if (field === 'delta') delta = scanner.boolean(false)
    else if (field === 'tags') tags = readTags(scanner)
    else return undefined
  }
  if (!scanner.isComplete() || name === undefined || data === undefined) return undefined
  if (isDoubtful(name) || (idempotencyKey !== undefined && !isKey(idempotencyKey))) return undefined
  return { channel: name, fields: { data, isJson: true, tags, idempotencyKey, skipHistory, delta } }
}

const readTags = (scanner: JsonScanner): Tags | undefined => {
  const entries: [string, string][] = []
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    const tag = scanner.name()
    if (scanner.takeNull()) scanner.fail()
    const value = scanner.string('')
    if (entries.length === maxTags || isDoubtful(tag) || isDoubtful(value)) scanner.fail()
    entries.push([tag, value])
  }
  return Object.fromEntries(entries)
}

/** The scanner writes U+FFFD for halves of surrogate pairs, which the schema refuses. */
const isDoubtful = (text: string): boolean => text.includes('\ufffd')

const isKey = (key: string): boolean => key !== '' && !isDoubtful(key) && Buffer.byteLength(key) <= maxKeyBytes
