import { failed, ok, type Result } from '@xshathra/protocol'
import type { Kysely, Transaction } from 'kysely'
import { organisationId } from '../database/fixed-rows.ts'
import type { Tables } from '../database/tables.ts'
import { newUlid } from '../database/ulid.ts'
import { type Problem, problem } from '../problems.ts'
import type { Account } from './account.ts'
import { type NewAccount, normaliseEmail } from './account-input.ts'
import type { Role } from './roles.ts'

/** How better-auth names the way in by email and password. */
export const passwordProvider = 'credential'

/** Members with their accounts. */
export const selectAccounts = (kysely: Kysely<Tables>) =>
  kysely
    .selectFrom('members')
    .innerJoin('accounts', 'accounts.id', 'members.account_id')
    .select(['accounts.id', 'accounts.email', 'accounts.name', 'members.role', 'members.created_at_ms'])

interface AccountRow {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly created_at_ms: number
}

export const toAccount = ({ created_at_ms: createdAtMs, ...row }: AccountRow): Account => ({ ...row, createdAtMs })

export const countOwners = async (kysely: Kysely<Tables>): Promise<number> => {
  const owners = await kysely.selectFrom('members').select('account_id').where('role', '=', 'owner').execute()
  return owners.length
}

/** Puts an account with its password and role into the tables. `conflict`: one has that address. */
export const insertAccount = async (
  transaction: Transaction<Tables>,
  input: Omit<NewAccount, 'password'>,
  hashedPassword: string,
  nowMs: number,
): Promise<Result<Account, Problem>> => {
  const id = `acct_${newUlid(nowMs)}`
  const email = normaliseEmail(input.email)
  const name = input.name ?? email.slice(0, email.indexOf('@'))
  const times = { created_at: toTimestamp(nowMs), updated_at: toTimestamp(nowMs) }
  const inserted = await transaction
    .insertInto('accounts')
    .values({ id, name, email, email_verified: false, ...times })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (inserted === undefined) return failed(problem('conflict', `There is an account ${email} already.`))
  const credential = { id: `cred_${newUlid(nowMs)}`, subject: id, provider: passwordProvider, account_id: id }
  await transaction
    .insertInto('credentials')
    .values({ ...credential, password: hashedPassword, ...times })
    .execute()
  const member = { account_id: id, organisation_id: organisationId, role: input.role, created_at_ms: nowMs }
  await transaction.insertInto('members').values(member).execute()
  return ok({ id, email, name, role: input.role, createdAtMs: nowMs })
}

/** As better-auth keeps times; both dialects take it. */
export const toTimestamp = (atMs: number): string => new Date(atMs).toISOString()
