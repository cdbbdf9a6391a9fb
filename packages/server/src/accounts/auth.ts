import type { Clock } from '@xshathra/engine/core'
import { type Problem, problem, problemBody, problems } from '../problems.ts'
import type { Account } from './account.ts'
import { normaliseEmail } from './account-input.ts'
import type { AccountStore } from './account-store.ts'
import { addressGroup } from './address-group.ts'
import { AttemptLimiter } from './attempt-limiter.ts'
import { addressHeader, type BetterAuthNeeds, createBetterAuth } from './better-auth.ts'

interface Door {
  readonly method: 'GET' | 'POST'
  /** A password is tried here: of the account that the body names, or of the one that is signed in. */
  readonly tries?: 'named' | 'own'
}

/** What is open of better-auth, under `/api/auth`; all else of it is not there. */
const doors: Readonly<Record<string, Door>> = {
  '/sign-in/email': { method: 'POST', tries: 'named' },
  '/sign-out': { method: 'POST' },
  '/get-session': { method: 'GET' },
  '/list-sessions': { method: 'GET' },
  '/revoke-session': { method: 'POST' },
  '/revoke-other-sessions': { method: 'POST' },
  '/change-password': { method: 'POST', tries: 'own' },
  '/update-user': { method: 'POST' },
}

const basePath = '/api/auth'
const longestBody = 16 * 1024

/** Failed passwords that are let in per window of time. */
export interface LoginLimits {
  readonly perAccount: number
  /** Many people may have one address. */
  readonly perAddress: number
  readonly windowMs: number
}

export const defaultLoginLimits: LoginLimits = { perAccount: 10, perAddress: 30, windowMs: 15 * 60 * 1000 }

/** Accounts, and addresses, whose attempts are counted at the same time. */
const countedKeys = 20_000

export interface AuthNeeds extends BetterAuthNeeds {
  readonly accounts: AccountStore
  readonly clock: Clock
  readonly limits?: LoginLimits | undefined
}

/** Whose request this is. */
export interface SignedIn {
  readonly account: Account
  readonly sessionId: string
}

export interface Auth {
  /**
   * Answers a request under `/api/auth/`. `request.url` has the origin that the client used and `address` is the
   * client's, both as the front door resolved them. Throws where the database fails.
   */
  handle(request: Request, address: string): Promise<Response>
  /** Reads the session cookie. Undefined: nobody is signed in, or the account is gone. Prolongs nothing. */
  readSession(headers: Headers): Promise<SignedIn | undefined>
}

export const createAuth = (needs: AuthNeeds): Auth => {
  const { accounts, clock, limits: { perAccount, perAddress, windowMs } = defaultLoginLimits } = needs
  const auth = createBetterAuth(needs)
  const byAccount = new AttemptLimiter(clock, { attempts: perAccount, windowMs, keys: countedKeys })
  const byAddress = new AttemptLimiter(clock, { attempts: perAddress, windowMs, keys: countedKeys })

  /** Begins an attempt of an address at an account, or says how many milliseconds it has to wait. */
  const begin = (group: string, email: string | undefined): number => {
    const addressWaitMs = byAddress.begin(group)
    if (addressWaitMs > 0 || email === undefined) return addressWaitMs
    const accountWaitMs = byAccount.begin(email)
    if (accountWaitMs > 0) byAddress.giveBack(group)
    return accountWaitMs
  }

  /** Lets a request with a password in it through while its account and its address may still fail. */
  const prove = async (request: Request, email: string | undefined, address: string): Promise<Response> => {
    const group = addressGroup(address)
    const waitMs = begin(group, email)
    if (waitMs > 0) return tooMany(waitMs)
    let hasFailed = false
    try {
      const response = await auth.handler(request)
      hasFailed = failedToProve(response)
      if (email !== undefined && response.ok) byAccount.forget(email)
      return response
    } finally {
      if (!hasFailed) {
        byAddress.giveBack(group)
        if (email !== undefined) byAccount.giveBack(email)
      }
    }
  }

  return {
    async handle(request, address) {
      const path = new URL(request.url).pathname.slice(basePath.length)
      const door = Object.hasOwn(doors, path) ? doors[path] : undefined
      if (door === undefined) return refuse(problem('not_found'))
      if (door.method !== request.method) return refuse(problem('method_not_allowed'), { allow: door.method })
      const body = await request.text()
      if (body.length > longestBody) return refuse(problem('too_large'))
      // better-auth takes forms too; we have to find the email in the body to count its attempts.
      if (body !== '' && !isJson(request)) return refuse(problem('unsupported_media_type'))
      const headers = new Headers(request.headers)
      headers.set(addressHeader, address)
      const inner = new Request(request.url, { method: request.method, headers, body: body === '' ? null : body })
      const email = door.tries === 'named' ? readEmail(body) : undefined
      const response = await (door.tries === undefined ? auth.handler(inner) : prove(inner, email, address))
      if (response.status >= 500) throw new Error(`better-auth answered ${door.method} ${path} with ${response.status}`)
      response.headers.set('cache-control', 'no-store')
      return response
    },

    async readSession(headers) {
      // Who prolongs a session has to send its cookie anew: that is left to `/get-session`, which pages call.
      const found = await auth.api.getSession({ headers, query: { disableRefresh: true } })
      if (found === null) return undefined
      const account = await accounts.find(found.user.id)
      return account && { account, sessionId: found.session.id }
    },
  }
}

const isJson = ({ headers }: Request): boolean => /^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? '')

const readEmail = (body: string): string | undefined => {
  try {
    const { email } = JSON.parse(body)
    return typeof email === 'string' ? normaliseEmail(email) : undefined
  } catch {
    // Whoever answers the request says what is wrong with its body.
    return undefined
  }
}

/** Signing in with a wrong password answers 401, changing one 400. Other refusals tell nothing about a password. */
const failedToProve = ({ status }: Response): boolean => status === 401 || status === 400

const tooMany = (waitMs: number): Response => {
  const retryAfterSeconds = Math.ceil(waitMs / 1000)
  const message = `Too many failed attempts. Try again in ${Math.ceil(retryAfterSeconds / 60)} minutes.`
  return refuse(problem('rate_limited', message), { 'retry-after': String(retryAfterSeconds) })
}

const refuse = (reason: Problem, headers: Record<string, string> = {}): Response =>
  Response.json(problemBody(reason), {
    status: problems[reason.code].status,
    headers: { 'cache-control': 'no-store', ...headers },
  })
