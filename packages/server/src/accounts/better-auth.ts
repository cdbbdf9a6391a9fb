import { betterAuth } from 'better-auth'
import { isAPIError } from 'better-auth/api'
import type { Database } from '../database/database.ts'
import { deriveKey } from '../secrets/derive-key.ts'
import type { Secret } from '../secrets/secret.ts'
import { passwordLength } from './account-input.ts'

/** Where our own code tells better-auth the address that the front door resolved. Removed from what clients send. */
export const addressHeader = 'x-xshathra-address'

const daySeconds = 24 * 3600

export interface BetterAuthNeeds {
  readonly database: Database
  readonly master: Secret
  /** The origin people open; absent: any that the front door serves, which then are local ones only. */
  readonly publicUrl?: string | undefined
}

/**
 * better-auth as we use it: email and password, sessions in our tables, no sign-up. Its own settings are all given, so
 * that variables of the environment decide nothing; its rate limiter is off, since ours counts by account too. Its
 * organisation plugin is left out: a deployment has one organisation, and a role per account is a table of our own.
 */
export const createBetterAuth = ({ database, master, publicUrl }: BetterAuthNeeds) =>
  betterAuth({
    appName: 'Xshathra',
    baseURL: publicUrl ?? 'http://localhost',
    basePath: '/api/auth',
    secrets: [{ version: 1, value: deriveKey(master, 'sessions').toString('base64url') }],
    database: { db: database.kysely, type: database.kind, transaction: true },
    // Without a public URL a page may only call the origin it came from.
    trustedOrigins: (request) => (publicUrl !== undefined || !request ? [] : [new URL(request.url).origin]),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
    },
    session: {
      modelName: 'sessions',
      fields: {
        userId: 'account_id',
        expiresAt: 'expires_at',
        ipAddress: 'address',
        userAgent: 'user_agent',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
      expiresIn: 7 * daySeconds,
      updateAge: daySeconds,
    },
    user: {
      modelName: 'accounts',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    account: {
      modelName: 'credentials',
      fields: {
        accountId: 'subject',
        providerId: 'provider',
        userId: 'account_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    verification: {
      modelName: 'verifications',
      fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    advanced: {
      cookiePrefix: 'xshathra',
      useSecureCookies: publicUrl?.startsWith('https:') === true,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      disableCSRFCheck: false,
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // What it logs are refusals of clients, with what they sent in them.
    logger: { disabled: true },
    onAPIError: {
      // What is no answer to the client is thrown to whoever asked, and not printed.
      onError: (error) => {
        if (!isAPIError(error)) throw error
      },
    },
  })
