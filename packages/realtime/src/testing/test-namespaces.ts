/** How channels of a namespace behave. Everything is off unless it is named. */
export interface TestNamespace {
  /** Who may subscribe without a subscription token; by default nobody. */
  readonly open?: 'nobody' | 'users' | 'everybody' | undefined
  /** Subscribers may see who is there, and are told of joins and leaves. */
  readonly presence?: boolean | undefined
  readonly history?: { readonly size: number; readonly ttlSeconds: number } | undefined
  /** Missed messages are sent again after a reconnect; needs history. */
  readonly recovery?: boolean | undefined
  /** Subscribers may publish. */
  readonly publish?: boolean | undefined
  /** Channels belong to one user each: `user:#user_1`. */
  readonly personal?: boolean | undefined
}

/** The namespaces that a server ships with. */
export const shippedNamespaces: Readonly<Record<string, TestNamespace>> = {
  public: { open: 'everybody' },
  chat: { open: 'users', presence: true, history: { size: 100, ttlSeconds: 86_400 }, recovery: true },
  match: { history: { size: 50, ttlSeconds: 600 } },
  lobby: { open: 'everybody', presence: true },
  announce: { open: 'everybody', history: { size: 100, ttlSeconds: 604_800 }, recovery: true },
  user: { personal: true },
  proto: { open: 'everybody', publish: true },
}
