import { describe, expect, it } from 'vitest'
import { errors } from './expectations.ts'
import { startServer } from './servers.ts'
import { connectWebSocket } from './web-socket-client.ts'

const server = await startServer({
  client: { insecure: true },
  channel: { namespaces: [{ name: 'tagged', allow_tags_filter: true }] },
})

const publications: Record<string, Record<string, string>> = {
  none: {},
  red: { colour: 'red' },
  dark: { colour: 'dark red' },
  ten: { size: '10' },
  nine: { size: '9' },
  half: { size: '0.5' },
  text: { size: 'big' },
  both: { colour: 'red', size: '9' },
}
const all = Object.keys(publications)
const leaf = (key: string, cmp: string, val: string): object => ({ key, cmp, val })

describe('a tags filter', async () => {
  it.each([
    { tf: leaf('colour', 'eq', 'red'), passes: ['red', 'both'] },
    { tf: leaf('colour', 'neq', 'red'), passes: ['none', 'dark', 'ten', 'nine', 'half', 'text'] },
    { tf: { key: 'colour', cmp: 'in', vals: ['red', 'blue'] }, passes: ['red', 'both'] },
    { tf: { key: 'colour', cmp: 'in', vals: [''] }, passes: ['none', 'ten', 'nine', 'half', 'text'] },
    { tf: { key: 'colour', cmp: 'nin', vals: ['red'] }, passes: ['none', 'dark', 'ten', 'nine', 'half', 'text'] },
    { tf: { key: 'size', cmp: 'ex' }, passes: ['ten', 'nine', 'half', 'text', 'both'] },
    { tf: { key: 'size', cmp: 'nex' }, passes: ['none', 'red', 'dark'] },
    { tf: leaf('colour', 'sw', 'da'), passes: ['dark'] },
    { tf: leaf('colour', 'ew', 'red'), passes: ['red', 'dark', 'both'] },
    { tf: leaf('colour', 'ct', 'rk r'), passes: ['dark'] },
    { tf: leaf('size', 'gt', '9'), passes: ['ten'] },
    { tf: leaf('size', 'gte', '9'), passes: ['ten', 'nine', 'both'] },
    { tf: leaf('size', 'lt', '9'), passes: ['half'] },
    { tf: leaf('size', 'lte', '9.0'), passes: ['nine', 'half', 'both'] },
    { tf: leaf('size', 'gt', 'small'), passes: [] },
    { tf: { op: 'and', nodes: [leaf('colour', 'eq', 'red'), leaf('size', 'lt', '10')] }, passes: ['both'] },
    {
      tf: { op: 'or', nodes: [leaf('colour', 'eq', 'red'), leaf('size', 'eq', '10')] },
      passes: ['red', 'ten', 'both'],
    },
    { tf: { op: 'not', nodes: [{ key: 'size', cmp: 'ex' }] }, passes: ['none', 'red', 'dark'] },
    {
      tf: {
        op: 'and',
        nodes: [
          { op: 'not', nodes: [leaf('colour', 'eq', 'red')] },
          { key: 'size', cmp: 'nex' },
        ],
      },
      passes: ['none', 'dark'],
    },
  ])('$tf lets pass $passes', async ({ tf, passes }) => {
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, subscribe: { channel: 'tagged:a', tf } })).toEqual([{ id: 2, subscribe: {} }])
    for (const name of all) await server.publish('tagged:a', name, { tags: publications[name] })
    expect((await client.received()).map(({ push }) => (push as { pub: { data: string } }).pub.data)).toEqual(passes)
  })

  it.each([
    { tf: {}, what: 'without anything' },
    { tf: { cmp: 'eq', val: 'x' }, what: 'without a key' },
    { tf: { key: 'a', val: 'x' }, what: 'without a comparison' },
    { tf: { key: 'a', cmp: 'like', val: 'x' }, what: 'with an unknown comparison' },
    { tf: { key: 'a', cmp: 'eq' }, what: 'without a value' },
    { tf: { key: 'a', cmp: 'eq', val: 'x', vals: ['x'] }, what: 'with a value too many' },
    { tf: { key: 'a', cmp: 'in' }, what: 'without a list' },
    { tf: { key: 'a', cmp: 'in', val: 'x', vals: ['x'] }, what: 'with a list and a value' },
    { tf: { key: 'a', cmp: 'ex', val: 'x' }, what: 'with a value that nothing compares' },
    { tf: { op: 'xor', nodes: [leaf('a', 'eq', 'b')] }, what: 'with an unknown operator' },
    { tf: { op: 'and' }, what: 'with an operator over nothing' },
    { tf: { op: 'not', nodes: [leaf('a', 'eq', 'b'), leaf('a', 'eq', 'c')] }, what: 'with a negation of two' },
    { tf: { op: 'or', nodes: [leaf('a', 'eq', 'b'), { key: 'a' }] }, what: 'with a part that is not valid' },
  ])('$what is error 107', async ({ tf }) => {
    const client = await connectWebSocket(server)
    expect(await client.exchange({ id: 2, subscribe: { channel: 'tagged:b', tf } })).toEqual([
      { id: 2, error: errors.badRequest },
    ])
  })
})
