import { DataDirectoryInUse, DataDirectoryUnusable, HistoryFileUnusable } from '@xshathra/engine'
import { DatabaseUnusable, SecretsUnusable, WrongMasterSecret } from '@xshathra/server'

/** Failures whose message is a sentence for whoever started us; all others are surprises. */
const kinds = [
  DataDirectoryInUse,
  DataDirectoryUnusable,
  HistoryFileUnusable,
  DatabaseUnusable,
  SecretsUnusable,
  WrongMasterSecret,
] as const

/** The sentence of a failure that people can do something about; undefined for a surprise. */
export const sentenceOf = (error: unknown): string | undefined =>
  kinds.some((kind) => error instanceof kind) ? (error as Error).message : undefined
