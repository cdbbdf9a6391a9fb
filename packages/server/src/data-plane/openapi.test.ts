import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestPlatform, type TestPlatform } from './testing/test-platform.ts'

let platform: TestPlatform
// biome-ignore lint/suspicious/noExplicitAny: a document is looked into here and there
let document: any

beforeAll(async () => {
  platform = await startTestPlatform()
  document = (await platform.call('/openapi.json', undefined, undefined, { method: 'GET' })).body
})

afterAll(() => platform.close())

const operations = () =>
  // biome-ignore lint/suspicious/noExplicitAny: see above
  Object.entries<any>(document.paths).flatMap(([path, item]) =>
    // biome-ignore lint/suspicious/noExplicitAny: see above
    Object.entries<any>(item).map(([method, operation]) => ({ path, method, operation })),
  )

it('describes every endpoint there is', () => {
  const paths = operations().map(({ path, method }) => `${method} ${path.replace('/api/realtime', '')}`)
  expect(paths.sort()).toEqual(
    [
      ...['token', 'subscription-token', 'publish', 'broadcast', 'batch', 'presence', 'presence-stats', 'history'],
      ...['history-remove', 'subscribe', 'unsubscribe', 'disconnect', 'refresh', 'channels'],
    ]
      .map((path) => `post /${path}`)
      .concat('get /project')
      .sort(),
  )
})

// OpenAPI 3.1.1: fields that the specification requires, and no field that it does not know.
it('is an OpenAPI 3.1 document', () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/)
  expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
  expectKeys(document, ['openapi', 'info', 'jsonSchemaDialect', 'servers', 'paths', 'components', 'tags'])
  const ids = operations().map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  const schemes = Object.keys(document.components.securitySchemes)
  for (const scheme of Object.values(document.components.securitySchemes)) {
    expect(scheme).toMatchObject({
      type: 'apiKey',
      name: expect.any(String),
      in: expect.stringMatching(/header|query/),
    })
  }
  for (const { path, operation } of operations()) {
    expect(path).toMatch(/^\//)
    expectKeys(operation, ['operationId', 'summary', 'tags', 'security', 'requestBody', 'responses'])
    for (const requirement of operation.security)
      for (const name of Object.keys(requirement)) expect(schemes).toContain(name)
    for (const tag of operation.tags) expect(document.tags).toContainEqual({ name: tag })
    expect(Object.keys(operation.responses)).toContain('200')
    // biome-ignore lint/suspicious/noExplicitAny: see above
    for (const [status, response] of Object.entries<any>(operation.responses)) {
      expect(status).toMatch(/^[2-5]\d\d$/)
      expect(response.description).toEqual(expect.any(String))
      expectKeys(response, ['description', 'headers', 'content'])
    }
  }
})

it('has schemas that are JSON Schema 2020-12, whose references lead somewhere', () => {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, formats: {} })
  ajv.addSchema({ $id: 'https://xshathra.test/openapi', $defs: document.components.schemas })
  let schemas = 0
  const compile = (schema: object) => {
    schemas++
    const absolute = JSON.parse(
      JSON.stringify(schema).replaceAll('"#/components/schemas/', '"https://xshathra.test/openapi#/$defs/'),
    )
    expect(() => ajv.compile(absolute)).not.toThrow()
  }
  for (const { operation } of operations()) {
    if (operation.requestBody) compile(operation.requestBody.content['application/json'].schema)
    // biome-ignore lint/suspicious/noExplicitAny: see above
    for (const response of Object.values<any>(operation.responses)) compile(response.content['application/json'].schema)
  }
  expect(schemas).toBeGreaterThan(100)
})

it('says of real requests and answers what the endpoints say', async () => {
  const ajv = new Ajv2020({ strict: false })
  const commands = [
    ['/publish', { channel: 'chat:x', data: null, tags: { a: 'b' } }],
    ['/broadcast', { channels: ['chat:x', 'nope:x'], data: 1 }],
    ['/history', { channel: 'chat:x' }],
    ['/presence', { channel: 'chat:x' }],
    ['/presence-stats', { channel: 'chat:x' }],
    ['/token', { userId: 'u1' }],
    ['/batch', { commands: [{ publish: { channel: 'chat:x', data: 1 } }, { presence: { channel: 'public:x' } }] }],
    ['/disconnect', { all: true }],
    ['/channels', {}],
    ['/publish', { channel: 'nope:x', data: 1 }],
    ['/publish', { data: 1 }],
  ] as const
  for (const [path, body] of commands) {
    const answered = await platform.call(path, body)
    const { requestBody, responses } = document.paths[`/api/realtime${path}`].post
    expect(ajv.validate(requestBody.content['application/json'].schema, body)).toBe(answered.status !== 400)
    const { schema } = responses[answered.status].content['application/json']
    expect(ajv.validate(schema.$ref ? document.components.schemas.Problem : schema, answered.body)).toBe(true)
  }
})

const expectKeys = (value: object, known: readonly string[]): void => {
  for (const key of Object.keys(value)) expect(known).toContain(key)
}
