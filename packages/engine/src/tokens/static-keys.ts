import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { SignatureCheck } from './signature.ts'
import type { TokenVerifierOptions } from './token-options.ts'
import type { TokenParts } from './token-parts.ts'

type KeyCheck = (parts: TokenParts) => boolean

/** The one algorithm that belongs to each curve (RFC 7518 §3.4). */
const algorithmOfCurve: Readonly<Record<string, { readonly alg: string; readonly hash: string }>> = {
  prime256v1: { alg: 'ES256', hash: 'sha256' },
  secp384r1: { alg: 'ES384', hash: 'sha384' },
  secp521r1: { alg: 'ES512', hash: 'sha512' },
}

/**
 * Checks signatures with the keys of the configuration, in the same tick. The header's `alg` only selects among keys
 * that were configured for exactly that algorithm, so a public key can never serve as an HMAC secret.
 */
export const createStaticKeyCheck = (options: TokenVerifierOptions, clock: Clock): SignatureCheck => {
  const checks = new Map([
    ...hmacChecks(options.hmacSecretKey),
    ...rsaChecks(options.rsaPublicKey),
    ...ecdsaChecks(options.ecdsaPublicKey),
  ])
  const previousChecks = hmacChecks(options.hmacPreviousSecretKey)
  const previousUntil = options.hmacPreviousSecretKeyValidUntil
  const isPreviousValid = () => previousUntil === 0 || Math.floor(clock.now() / 1000) <= previousUntil

  return (parts) => {
    const { alg } = parts.header
    const check = checks.get(alg)
    if (check?.(parts)) return undefined
    const previousCheck = previousChecks.get(alg)
    if (previousCheck !== undefined && isPreviousValid() && previousCheck(parts)) return undefined
    return check === undefined && previousCheck === undefined ? 'alg' : 'signature'
  }
}

const hmacChecks = (secret: string): Map<string, KeyCheck> => {
  const checks = new Map<string, KeyCheck>()
  if (secret === '') return checks
  const key = createSecretKey(secret, 'utf8')
  for (const bits of [256, 384, 512]) checks.set(`HS${bits}`, hmacCheck(`sha${bits}`, key))
  return checks
}

const hmacCheck =
  (hash: string, key: KeyObject): KeyCheck =>
  ({ signed, signature }) => {
    const expected = createHmac(hash, key).update(signed, 'latin1').digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  }

const rsaChecks = (pem: string): Map<string, KeyCheck> => {
  const checks = new Map<string, KeyCheck>()
  if (pem === '') return checks
  const key = { key: createPublicKey(pem), padding: constants.RSA_PKCS1_PADDING }
  for (const bits of [256, 384, 512]) {
    checks.set(`RS${bits}`, ({ signed, signature }) =>
      verify(`sha${bits}`, Buffer.from(signed, 'latin1'), key, signature),
    )
  }
  return checks
}

const ecdsaChecks = (pem: string): Map<string, KeyCheck> => {
  const checks = new Map<string, KeyCheck>()
  if (pem === '') return checks
  const key = createPublicKey(pem)
  const { alg, hash } = algorithmOfCurve[key.asymmetricKeyDetails?.namedCurve ?? '']!
  checks.set(alg, ({ signed, signature }) =>
    verify(hash, Buffer.from(signed, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature),
  )
  return checks
}

/** Says why a PEM cannot serve as a key of this kind; undefined where it can. */
export const explainPublicKey = (pem: string, kind: 'rsa' | 'ec'): string | undefined => {
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    return 'is not a public key in PEM'
  }
  if (key.asymmetricKeyType !== kind) return `is not ${kind === 'rsa' ? 'an RSA' : 'an elliptic-curve'} key`
  const curve = key.asymmetricKeyDetails?.namedCurve
  return kind === 'ec' && algorithmOfCurve[curve ?? ''] === undefined
    ? 'is on a curve that no JWT algorithm uses: P-256, P-384 or P-521 is needed'
    : undefined
}
