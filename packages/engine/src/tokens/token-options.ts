/**
 * Which tokens are believed: one of Centrifugo's option groups `client.token` and `client.subscription_token`.
 * An empty string means that the option is not set; without any key every token is invalid.
 */
export interface TokenVerifierOptions {
  /** Secret of HS256, HS384 and HS512. */
  readonly hmacSecretKey: string
  /** Secret in use before a rotation, still believed until {@link hmacPreviousSecretKeyValidUntil}. */
  readonly hmacPreviousSecretKey: string
  /** Unix seconds; 0: for ever. */
  readonly hmacPreviousSecretKeyValidUntil: number
  /** PEM, for RS256, RS384 and RS512. */
  readonly rsaPublicKey: string
  /** PEM, for ES256, ES384 or ES512, whichever belongs to the key's curve. */
  readonly ecdsaPublicKey: string
  /**
   * Where a JSON Web Key Set is read from. When set, it alone decides and the keys above are ignored. `{{name}}` is
   * replaced by what the group of that name in {@link issuerRegex} or {@link audienceRegex} matched.
   */
  readonly jwksPublicEndpoint: string
  /** Accepts a `jwksPublicEndpoint` template whose groups match more than a list of fixed words. */
  readonly insecureSkipJwksEndpointSafetyCheck: boolean
  /** One of the token's `aud` has to be equal to it. */
  readonly audience: string
  /** RE2 that one of the token's `aud` has to match. Excludes {@link audience}. */
  readonly audienceRegex: string
  /** The token's `iss` has to be equal to it. */
  readonly issuer: string
  /** RE2 that the token's `iss` has to match. Excludes {@link issuer}. */
  readonly issuerRegex: string
  /** Claim that names the user in place of `sub`: letters and underscores. */
  readonly userIdClaim: string
  /** Believes tokens without looking at their signature (`client.insecure_skip_token_signature_verify`). */
  readonly insecureSkipSignature: boolean
}

export const defaultTokenVerifierOptions: TokenVerifierOptions = {
  hmacSecretKey: '',
  hmacPreviousSecretKey: '',
  hmacPreviousSecretKeyValidUntil: 0,
  rsaPublicKey: '',
  ecdsaPublicKey: '',
  jwksPublicEndpoint: '',
  insecureSkipJwksEndpointSafetyCheck: false,
  audience: '',
  audienceRegex: '',
  issuer: '',
  issuerRegex: '',
  userIdClaim: '',
  insecureSkipSignature: false,
}
