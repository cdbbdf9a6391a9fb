import { z } from 'zod'
import type { Account } from '../accounts/account.ts'
import { newAccount, password } from '../accounts/account-input.ts'
import { auditedAction, type ControlAction, shown, timeOf } from './control-action.ts'

/** Actions on the people who sign in to the console. */
export const accountActions = {
  'account.create': auditedAction(
    newAccount,
    async ({ accounts }, input) => shown(await accounts.create(input), showAccount),
    ({ role }, { accountId, email }) => ({ target: accountId, after: { email, role } }),
  ),

  'account.reset-password': auditedAction(
    z.strictObject({ email: z.email(), password }),
    async ({ accounts }, { email, password }) => shown(await accounts.resetPassword(email, password), showAccount),
    (_input, { accountId }) => ({ target: accountId }),
  ),
} as const satisfies Record<string, ControlAction>

const showAccount = ({ id, email, name, role, createdAtMs }: Account) => ({
  accountId: id,
  email,
  name,
  role,
  createdAt: timeOf(createdAtMs),
})
