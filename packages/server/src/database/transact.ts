import type { Result } from '@xshathra/protocol'
import type { Kysely, Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/** Does work in one transaction, which is taken back where the work throws or comes to a problem. */
export const transact = async <Value, Problem>(
  kysely: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result<Value, Problem>>,
): Promise<Result<Value, Problem>> => {
  let refusal: Result<Value, Problem> | undefined
  try {
    return await kysely.transaction().execute(async (transaction) => {
      const result = await work(transaction)
      if (result.ok) return result
      refusal = result
      throw new TakenBack()
    })
  } catch (error) {
    if (refusal !== undefined && error instanceof TakenBack) return refusal
    throw error
  }
}

class TakenBack extends Error {}
