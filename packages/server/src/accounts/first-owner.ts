import type { Secret } from '../secrets/secret.ts'
import type { NewAccount } from './account-input.ts'
import type { AccountStore } from './account-store.ts'
import type { SetupLinks } from './setup-links.ts'

export interface FirstOwnerNeeds {
  readonly accounts: AccountStore
  readonly links: SetupLinks
  /** From `XSHATHRA_OWNER_EMAIL` and `XSHATHRA_OWNER_PASSWORD`. */
  readonly owner?: Pick<NewAccount, 'email' | 'password'> | undefined
}

export type FirstOwner =
  | { readonly kind: 'there' }
  | { readonly kind: 'created'; readonly email: string }
  /** Someone has to open `/setup#` and this token. */
  | { readonly kind: 'awaited'; readonly token: Secret }

/**
 * Sees at each start that somebody can sign in: the deployment's owner is made once, out of the environment or with a
 * setup link. Where an owner is, the environment changes nothing: a password that was changed since stays.
 */
export const prepareFirstOwner = async ({ accounts, links, owner }: FirstOwnerNeeds): Promise<FirstOwner> => {
  if (await accounts.hasOwner()) return { kind: 'there' }
  if (owner === undefined) return { kind: 'awaited', token: await links.issue() }
  const created = await accounts.create({ ...owner, role: 'owner' })
  if (created.ok) return { kind: 'created', email: created.value.email }
  // Somebody has the address in another role, or another server was faster.
  return (await accounts.hasOwner()) ? { kind: 'there' } : { kind: 'awaited', token: await links.issue() }
}
