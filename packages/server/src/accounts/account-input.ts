import { z } from 'zod'
import { roles } from './roles.ts'

/** Bounds of what people may write about accounts. The longest password is hashed in full. */
export const passwordLength = { min: 8, max: 256 } as const

export const password = z.string().min(passwordLength.min).max(passwordLength.max)

export const newAccount = z.strictObject({
  email: z.email().max(254).toLowerCase(),
  password,
  /** Without one, the part of the address before the @. */
  name: z.string().trim().min(1).max(100).optional(),
  role: z.enum(roles).default('developer'),
})
export type NewAccount = z.output<typeof newAccount>

/** How addresses are stored and compared. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase()
