import { explainPattern } from './claim-pattern.ts'
import { explainJwksTemplate, resolveJwksEndpoint } from './jwks-endpoint.ts'
import { explainPublicKey } from './static-keys.ts'
import type { TokenVerifierOptions } from './token-options.ts'

/** An option that cannot be used, and why: a sentence that follows the option's name. Keys and secrets are not told. */
export interface TokenOptionsProblem {
  readonly option: keyof TokenVerifierOptions
  readonly message: string
}

/** Looks for all that would make a verifier fail or be unsafe, all problems at once. */
export const checkTokenOptions = (options: TokenVerifierOptions): readonly TokenOptionsProblem[] => {
  const problems: TokenOptionsProblem[] = []
  const report = (option: keyof TokenVerifierOptions, message: string | undefined) => {
    if (message !== undefined) problems.push({ option, message })
  }
  if (options.rsaPublicKey !== '') report('rsaPublicKey', explainPublicKey(options.rsaPublicKey, 'rsa'))
  if (options.ecdsaPublicKey !== '') report('ecdsaPublicKey', explainPublicKey(options.ecdsaPublicKey, 'ec'))
  report('audienceRegex', explainPattern(options.audienceRegex))
  report('issuerRegex', explainPattern(options.issuerRegex))
  if (options.audience !== '' && options.audienceRegex !== '') report('audienceRegex', 'excludes an exact audience')
  if (options.issuer !== '' && options.issuerRegex !== '') report('issuerRegex', 'excludes an exact issuer')
  if (!/^[a-zA-Z_]*$/.test(options.userIdClaim)) report('userIdClaim', 'may have letters and underscores only')
  report('jwksPublicEndpoint', explainEndpoint(options))
  return problems
}

const explainEndpoint = (options: TokenVerifierOptions): string | undefined => {
  const { jwksPublicEndpoint: endpoint, issuerRegex, audienceRegex } = options
  if (endpoint === '') return undefined
  if (!/^https?:\/\//.test(endpoint)) return 'has to start with http:// or https://'
  if (options.insecureSkipJwksEndpointSafetyCheck) return undefined
  const danger = explainJwksTemplate(endpoint, [issuerRegex, audienceRegex])
  return (
    danger ?? (resolveJwksEndpoint(endpoint, {}) === undefined && !endpoint.includes('{{') ? 'is not a URL' : undefined)
  )
}
