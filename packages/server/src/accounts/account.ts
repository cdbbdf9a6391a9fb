import type { Role } from './roles.ts'

/** A person who signs in to the console. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: Role
  readonly createdAtMs: number
}
