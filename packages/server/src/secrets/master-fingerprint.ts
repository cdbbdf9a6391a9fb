import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import { deriveKey } from './derive-key.ts'
import type { Secret } from './secret.ts'

/** The database was written under another master secret. The message is a sentence or two for people. */
export class WrongMasterSecret extends Error {
  constructor() {
    super(
      'XSHATHRA_MASTER_SECRET is not the one that this database was written under, so its keys cannot be read. Give the original one (of a generated one the copy is master.secret in the data directory), or start with a new database.',
    )
    this.name = 'WrongMasterSecret'
  }
}

const factName = 'master_fingerprint'

/** Ties a database to the master secret it is first opened with. Throws {@link WrongMasterSecret} for any other. */
export const requireSameMaster = async (kysely: Kysely<Tables>, master: Secret): Promise<void> => {
  const fingerprint = deriveKey(master, 'fingerprint').toString('hex')
  await kysely
    .insertInto('facts')
    .values({ name: factName, value: fingerprint })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { value } = await kysely
    .selectFrom('facts')
    .select('value')
    .where('name', '=', factName)
    .executeTakeFirstOrThrow()
  if (value !== fingerprint) throw new WrongMasterSecret()
}
