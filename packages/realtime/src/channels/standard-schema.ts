/**
 * What this package needs of a schema library: version 1 of the interface that Zod, Valibot, ArkType and others share.
 * Source: standardschema.dev.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaVerdict<Output> | Promise<SchemaVerdict<Output>>
    /** For the compiler alone; absent at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaVerdict<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What may be handed in: the message as it travels. */
export type InputOf<Schema> = Schema extends StandardSchema<infer Input, infer _Output> ? Input : never

/** What comes out of the schema. */
export type OutputOf<Schema> = Schema extends StandardSchema<infer _Input, infer Output> ? Output : never
