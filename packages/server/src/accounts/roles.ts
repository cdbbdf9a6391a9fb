/**
 * What a member of the organisation may do, the most first; each role may do all that the ones behind it may.
 *
 * - `owner`: members and their roles, owners too; deleting projects
 * - `admin`: members below owner; creating, archiving and changing projects; keys; limits
 * - `developer`: namespaces, channels and connections of projects; publishing from the console
 * - `viewer`: looking at all of that, never at a secret
 */
export const roles = ['owner', 'admin', 'developer', 'viewer'] as const
export type Role = (typeof roles)[number]

export const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text)

/** Whether `role` may do what `needed` may. */
export const mayActAs = (role: Role, needed: Role): boolean => roles.indexOf(role) <= roles.indexOf(needed)
