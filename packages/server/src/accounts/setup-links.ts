import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '@xshathra/engine/core'
import { failed, type Result } from '@xshathra/protocol'
import { hashPassword } from 'better-auth/crypto'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { transact } from '../database/transact.ts'
import { type Problem, problem } from '../problems.ts'
import { Secret } from '../secrets/secret.ts'
import type { Account } from './account.ts'
import type { NewAccount } from './account-input.ts'
import { insertAccount } from './account-rows.ts'
import type { AccountStore } from './account-store.ts'

/** How long a link works. */
const lifeMs = 24 * 3600 * 1000

export interface SetupLinksNeeds {
  readonly kysely: Kysely<Tables>
  readonly accounts: AccountStore
  readonly clock: Clock
}

/**
 * Links that make the first owner: for one use, for 24 hours, and only while there is no owner. The token stands behind
 * the `#` of the link, which browsers keep out of requests and logs; only its hash is stored.
 */
export class SetupLinks {
  readonly #kysely: Kysely<Tables>
  readonly #accounts: AccountStore
  readonly #clock: Clock

  constructor({ kysely, accounts, clock }: SetupLinksNeeds) {
    this.#kysely = kysely
    this.#accounts = accounts
    this.#clock = clock
  }

  /** Makes a token for `/setup#…`. Links made before keep working until they expire. */
  async issue(): Promise<Secret> {
    const nowMs = this.#clock.now()
    const token = randomBytes(32).toString('base64url')
    await this.#kysely.deleteFrom('setup_links').where('expires_at_ms', '<=', nowMs).execute()
    const link = { hash: hashToken(token), expires_at_ms: nowMs + lifeMs }
    await this.#kysely.insertInto('setup_links').values(link).execute()
    return new Secret(token)
  }

  /** Whether {@link claim} would find the link good now. */
  async isGood(token: string): Promise<boolean> {
    const link = await this.#kysely
      .selectFrom('setup_links')
      .select('hash')
      .where('hash', '=', hashToken(token))
      .where('expires_at_ms', '>', this.#clock.now())
      .executeTakeFirst()
    return link !== undefined && !(await this.#accounts.hasOwner())
  }

  /** Makes the first owner and uses up every link. `not_found`: this one was used, has expired or was never made. */
  async claim(token: string, owner: Omit<NewAccount, 'role'>): Promise<Result<Account, Problem>> {
    // Looked at first, so that nobody has passwords hashed with a bad link.
    if (!(await this.isGood(token))) return failed(badLink())
    const hashed = await hashPassword(owner.password)
    return transact(this.#kysely, async (transaction) => {
      const links = await transaction.deleteFrom('setup_links').returning('hash').execute()
      if (!links.some((link) => link.hash === hashToken(token))) return failed(badLink())
      return insertAccount(transaction, { ...owner, role: 'owner' }, hashed, this.#clock.now())
    })
  }
}

const hashToken = (token: string): string => hash('sha256', token, 'hex')

const badLink = (): Problem =>
  problem('not_found', 'This setup link was used already or has expired. Restart the server to get a new one.')
