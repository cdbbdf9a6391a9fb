/** What keeps one tenant from another: `''` in the bare engine, a project's id in the platform. Opaque to the engine. */
export type Scope = string & { readonly __scope?: never }

/** A channel as hub and broker know it: unique over all scopes. Only a {@link Tenancy} makes one. */
export type InternalChannel = string & { readonly __internalChannel: true }
