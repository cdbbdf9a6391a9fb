import { createHmac } from 'node:crypto'
import { tokenSecret } from './config.ts'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Connection tokens (HS256) of users 1 to `count`, good for an hour, one a line. */
export const mintTokens = (count: number): string => {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600
  const header = encode({ alg: 'HS256', typ: 'JWT' })
  const mint = (user: number): string => {
    const signed = `${header}.${encode({ sub: String(user), exp: expiresAt })}`
    return `${signed}.${createHmac('sha256', tokenSecret).update(signed).digest('base64url')}`
  }
  return Array.from({ length: count }, (_, at) => `${mint(at + 1)}\n`).join('')
}
