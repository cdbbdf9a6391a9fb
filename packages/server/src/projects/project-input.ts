import { z } from 'zod'
import { environments, type NamespaceSettings, type Quotas } from './project.ts'

/** What people may write about a project, with the bounds of each; `null` goes back to the deployment's default. */

/** Nothing that a terminal or a log would take for more than text. */
const plainText = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u

const name = z.string().trim().min(1).max(100).regex(plainText, 'must not contain control characters')

/** Scheme, host and port, where `*` stands for part of a host. */
const origin = z
  .string()
  .max(255)
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/i, 'must be an origin such as https://example.com')

const amount = (most: number) => z.int().min(1).max(most).nullish()
const seconds = (most: number) => z.int().min(0).max(most)

const quotasChange = z.strictObject({
  connections: amount(10_000_000),
  connectionsPerUser: amount(1_000_000),
  publishesPerSecond: amount(10_000_000),
  messageBytes: amount(64 * 1024 * 1024),
  channelsPerConnection: amount(100_000),
  historyBytes: amount(Number.MAX_SAFE_INTEGER),
}) satisfies z.ZodType<Patch<Quotas>>

export const namespaceChange = z.strictObject({
  locked: z.boolean().nullish(),
  clientPublish: z.boolean().nullish(),
  presence: z.boolean().nullish(),
  historySize: z.int().min(0).max(1_000_000).nullish(),
  historyTtlSeconds: seconds(366 * 24 * 3600).nullish(),
}) satisfies z.ZodType<Patch<NamespaceSettings>>

export const newProject = z.strictObject({
  name,
  environment: z.enum(environments).default('development'),
  /** Namespaces that need a subscription token from the start. */
  locked: z.array(z.string().min(1).max(255)).max(100).default([]),
})

export const projectChange = z.strictObject({
  name: name.optional(),
  environment: z.enum(environments).optional(),
  allowAnonymous: z.boolean().optional(),
  allowedOrigins: z.array(origin).max(100).optional(),
  quotas: quotasChange.optional(),
})

/** `overlapSeconds`: how long the old key stays valid; 0 revokes it at once. */
export const keyRotation = z.strictObject({
  kind: z.enum(['server', 'client']).default('server'),
  overlapSeconds: seconds(30 * 24 * 3600).default(0),
})

export type NewProject = z.output<typeof newProject>
export type ProjectChanges = z.output<typeof projectChange>
export type NamespaceChange = z.output<typeof namespaceChange>
export type KeyRotation = z.output<typeof keyRotation>

/** Absent: as it is; null: back to the default. */
export type Patch<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | null | undefined }
