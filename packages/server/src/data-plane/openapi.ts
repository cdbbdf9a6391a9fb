import { z } from 'zod'
import { type ProblemCode, problems } from '../problems.ts'
import type { Endpoint } from './endpoint.ts'
import { projectInfo } from './project-route.ts'

/** What every endpoint of a backend may be refused with. */
const commonProblems = [
  'invalid_body',
  'invalid_api_key',
  'project_archived',
  'browser_origin',
  'method_not_allowed',
  'too_large',
  'unsupported_media_type',
  'rate_limited',
  'internal',
  'engine_unavailable',
] as const satisfies readonly ProblemCode[]

const problemSchema = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    message: z.string(),
    field: z.string().meta({ description: 'The field of the body that is wrong.' }).optional(),
    docs: z.string().meta({ description: 'What happened and how to fix it.' }),
  }),
})

const base = '/api/realtime'

/**
 * The OpenAPI 3.1 document of the data plane (https://spec.openapis.org/oas/v3.1.1), made of the very schemas that
 * validate.
 */
export const openApiDocument = (endpoints: readonly Endpoint[], version: string) => ({
  openapi: '3.1.1',
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  info: {
    title: 'Xshathra data plane',
    version,
    summary: 'Tokens, publishing, presence and history for backends.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [{ name: 'realtime' }],
  paths: {
    ...Object.fromEntries(endpoints.map((each) => [`${base}${each.path}`, { post: operation(each) }])),
    [`${base}/project`]: { get: projectOperation() },
  },
  components: {
    schemas: { Problem: jsonSchema(problemSchema, 'output') },
    securitySchemes: {
      serverKey: {
        type: 'apiKey',
        in: 'header',
        name: 'Authorization',
        description: '`apikey <server_api_key>`; `Bearer <server_api_key>` is taken too.',
      },
      clientKey: {
        type: 'apiKey',
        in: 'query',
        name: 'client_api_key',
        description: 'The public key of a project; `Authorization: apikey <client_api_key>` is taken too.',
      },
    },
  },
})

const jsonSchema = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' })
  return rest
}

const jsonContent = (schema: object) => ({ 'application/json': { schema } })

const operation = ({ name, summary, body, reply, problems: own }: Endpoint) => ({
  operationId: name,
  summary,
  tags: ['realtime'],
  security: [{ serverKey: [] }],
  requestBody: { required: true, content: jsonContent(jsonSchema(body, 'input')) },
  responses: {
    200: { description: 'Done.', content: jsonContent(jsonSchema(reply, 'output')) },
    ...refusals([...commonProblems, ...own]),
  },
})

const projectOperation = () => ({
  operationId: 'project',
  summary: 'What a key belongs to, and where its sockets connect',
  tags: ['realtime'],
  security: [{ clientKey: [] }, { serverKey: [] }],
  responses: {
    200: { description: 'Done.', content: jsonContent(jsonSchema(projectInfo, 'output')) },
    ...refusals(['invalid_api_key', 'project_archived', 'browser_origin', 'rate_limited']),
  },
})

/** One response per status; the codes that share it stand in its description. */
const refusals = (codes: readonly ProblemCode[]) => {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of new Set(codes)) {
    const { status } = problems[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, all]) => [
      status,
      {
        description: all.map((code) => `\`${code}\`: ${problems[code].message}`).join(' '),
        ...(all.includes('rate_limited') || status === 503 ? { headers: retryAfter } : {}),
        content: jsonContent({ $ref: '#/components/schemas/Problem' }),
      },
    ]),
  )
}

const retryAfter = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
}
