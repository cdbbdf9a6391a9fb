import type { Clock } from '@xshathra/engine/core'
import { failed, ok, type Result } from '@xshathra/protocol'
import { hashPassword } from 'better-auth/crypto'
import type { Kysely, Transaction } from 'kysely'
import { organisationId } from '../database/fixed-rows.ts'
import type { Tables } from '../database/tables.ts'
import { transact } from '../database/transact.ts'
import { type Problem, problem } from '../problems.ts'
import type { Account } from './account.ts'
import { type NewAccount, normaliseEmail } from './account-input.ts'
import { countOwners, insertAccount, passwordProvider, selectAccounts, toAccount, toTimestamp } from './account-rows.ts'
import type { Role } from './roles.ts'

export interface AccountStoreNeeds {
  readonly kysely: Kysely<Tables>
  readonly clock: Clock
}

/**
 * Accounts and their roles; signing in is better-auth's. A new password ends the account's sessions, a new role counts
 * from the next request on, and the last owner stays one. Unknown accounts are the problem `not_found`.
 */
export class AccountStore {
  readonly #kysely: Kysely<Tables>
  readonly #clock: Clock

  constructor({ kysely, clock }: AccountStoreNeeds) {
    this.#kysely = kysely
    this.#clock = clock
  }

  /** All accounts, oldest first. */
  async list(): Promise<readonly Account[]> {
    const query = selectAccounts(this.#kysely).orderBy('members.created_at_ms').orderBy('accounts.id')
    return (await query.execute()).map(toAccount)
  }

  async find(id: string): Promise<Account | undefined> {
    const row = await selectAccounts(this.#kysely).where('accounts.id', '=', id).executeTakeFirst()
    return row && toAccount(row)
  }

  async findByEmail(email: string): Promise<Account | undefined> {
    const query = selectAccounts(this.#kysely).where('accounts.email', '=', normaliseEmail(email))
    const row = await query.executeTakeFirst()
    return row && toAccount(row)
  }

  async hasOwner(): Promise<boolean> {
    return (await countOwners(this.#kysely)) > 0
  }

  /** `conflict`: an account has that address. */
  async create(input: NewAccount): Promise<Result<Account, Problem>> {
    const hashed = await hashPassword(input.password)
    return transact(this.#kysely, (transaction) => insertAccount(transaction, input, hashed, this.#clock.now()))
  }

  /** Gives an account another password without asking for the old one, and ends its sessions. */
  async resetPassword(email: string, password: string): Promise<Result<Account, Problem>> {
    const account = await this.findByEmail(email)
    if (account === undefined) return failed(noAccount(email))
    const hashed = await hashPassword(password)
    await this.#kysely.transaction().execute(async (transaction) => {
      await transaction
        .updateTable('credentials')
        .set({ password: hashed, updated_at: toTimestamp(this.#clock.now()) })
        .where('account_id', '=', account.id)
        .where('provider', '=', passwordProvider)
        .execute()
      await transaction.deleteFrom('sessions').where('account_id', '=', account.id).execute()
    })
    return ok(account)
  }

  /** `conflict`: the last owner cannot become anything else. */
  changeRole(id: string, role: Role): Promise<Result<Account, Problem>> {
    return this.#change(id, async (transaction, account) => {
      await transaction.updateTable('members').set({ role }).where('account_id', '=', id).execute()
      return { ...account, role }
    })
  }

  /** Deletes an account with its sessions. `conflict`: the last owner cannot go. */
  remove(id: string): Promise<Result<Account, Problem>> {
    return this.#change(id, async (transaction, account) => {
      await transaction.deleteFrom('accounts').where('id', '=', id).execute()
      return account
    })
  }

  #change(id: string, work: (transaction: Transaction<Tables>, account: Account) => Promise<Account>) {
    return transact<Account, Problem>(this.#kysely, async (transaction) => {
      // The write comes first: it locks the members, so that two owners cannot leave at the same time.
      await transaction.updateTable('members').set({ organisation_id: organisationId }).execute()
      const row = await selectAccounts(transaction).where('accounts.id', '=', id).executeTakeFirst()
      if (row === undefined) return failed(noAccount(id))
      const changed = await work(transaction, toAccount(row))
      return (await countOwners(transaction)) === 0 ? failed(noOwnerLeft()) : ok(changed)
    })
  }
}

const noAccount = (who: string): Problem => problem('not_found', `There is no account ${who}.`)

const noOwnerLeft = (): Problem =>
  problem('conflict', 'The organisation needs an owner, and this is the last one. Make someone else an owner first.')
