import { isUtf8 } from 'node:buffer'
import type { Command, Push, Reply } from '../messages.ts'

/**
 * Messages as plain objects under the protocol's own names, without zero values: the form in which fixtures are written
 * and both encodings are compared. Payloads are Buffers here and text in fixtures.
 */
export type WireForm = { [name: string]: WireValue }
export type WireValue = string | number | boolean | Buffer | WireForm | readonly WireValue[]

const payloadNames = new Set(['data', 'conn_info', 'chan_info'])

const specialNames: Record<string, string> = { tagsFilter: 'tf' }

const toWireName = (name: string): string =>
  specialNames[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const fromWireName = (name: string): string => name.replace(/_[a-z]/g, (letter) => letter.slice(1).toUpperCase())

/** A command that was read, the other way round. Pongs are `{}`. */
export const commandToWire = (command: Command): WireForm => {
  if (command.kind === 'pong') return {}
  if (command.kind === 'unknown') return { id: command.id }
  const form: WireForm = command.id === 0 ? {} : { id: command.id }
  form[toWireName(command.kind)] = requestToWire(command.request)
  return form
}

const requestToWire = (request: object): WireForm => {
  const form: WireForm = {}
  const entries = request instanceof Map ? [...request] : Object.entries(request)
  for (const [name, value] of entries) {
    const wire = valueToWire(name, value)
    if (wire !== undefined) form[request instanceof Map ? name : toWireName(name)] = wire
  }
  return form
}

/** Headers and subscriptions keep their names and their zeros: they are maps, not messages. */
const valueToWire = (name: string, value: unknown): WireValue | undefined => {
  if (value === undefined || value === '' || value === 0 || value === false) return undefined
  if (value instanceof Uint8Array) return value.length === 0 ? undefined : Buffer.from(value)
  if (Array.isArray(value)) {
    return value.length === 0
      ? undefined
      : value.map((element) => (typeof element === 'string' ? element : requestToWire(element)))
  }
  if (name === 'subs') return (value as Map<string, object>).size === 0 ? undefined : requestToWire(value as object)
  if (name === 'headers') return Object.keys(value as object).length === 0 ? undefined : { ...(value as WireForm) }
  return typeof value === 'object' ? requestToWire(value as object) : (value as WireValue)
}

/** Payloads as text, those that are no text as `{ hex }`: what can be kept in a JSON file and compared. */
export const withTextPayloads = (value: unknown): unknown => {
  if (value instanceof Uint8Array) {
    return isUtf8(value) ? Buffer.from(value).toString() : { hex: Buffer.from(value).toString('hex') }
  }
  if (Array.isArray(value)) return value.map(withTextPayloads)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withTextPayloads(member)]))
}

/** JSON text with payloads in their places as the raw values they are. */
export const wireToJson = (value: WireValue): string => {
  if (Buffer.isBuffer(value)) return value.toString()
  if (Array.isArray(value)) return `[${value.map(wireToJson).join(',')}]`
  if (typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${wireToJson(member)}`)
  return `{${members.join(',')}}`
}

// ── fixtures to what the encoders take ──────────────────────────────────────────────────────────────────────────

type Fixture = Record<string, unknown>

export const replyFromFixture = (fixture: Fixture): Reply => {
  const { id = 0, ...rest } = fixture
  const [name, body] = Object.entries(rest)[0] as [string, Fixture]
  const kind = fromWireName(name)
  if (kind === 'error') return { kind, id, error: body } as unknown as Reply
  if (kind === 'presence') return { kind, id, result: mapFromFixture(body.presence as Fixture) } as unknown as Reply
  return { kind, id, result: messageFromFixture(body) } as unknown as Reply
}

export const pushFromFixture = (fixture: Fixture): Push => {
  const { channel, ...rest } = fixture
  const [name, body] = Object.entries(rest)[0] as [string, Fixture]
  const message = messageFromFixture(body)
  if (name === 'pub') return { kind: 'publication', channel, publication: { offset: 0, ...message } } as unknown as Push
  if (name === 'connect') return { kind: name, result: message } as unknown as Push
  if (name === 'subscribe') return { kind: name, channel, result: message } as unknown as Push
  return { kind: name, channel, ...message } as unknown as Push
}

const messageFromFixture = (fixture: Fixture): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fixture).map(([name, value]) => [fromWireName(name), valueFromFixture(name, value)]),
  )

const valueFromFixture = (name: string, value: unknown): unknown => {
  if (payloadNames.has(name)) {
    return typeof value === 'string' ? Buffer.from(value) : Buffer.from((value as { hex: string }).hex, 'hex')
  }
  if (name === 'subs') return mapFromFixture(value as Fixture)
  if (name === 'tags') return value
  if (name === 'publications') return (value as Fixture[]).map((item) => ({ offset: 0, ...messageFromFixture(item) }))
  return typeof value === 'object' ? messageFromFixture(value as Fixture) : value
}

const mapFromFixture = (fixture: Fixture): Map<string, unknown> =>
  new Map(Object.entries(fixture).map(([name, value]) => [name, messageFromFixture(value as Fixture)]))
