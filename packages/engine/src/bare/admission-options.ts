/** Who may connect without a token, and how. Names and defaults: Centrifugo v6, section `client`. */
export interface AdmissionOptions {
  readonly allowAnonymousConnectWithoutToken: boolean
  /** Refuses tokens that name no user. */
  readonly disallowAnonymousConnectionTokens: boolean
  /** Admits everybody as anonymous, and lets connections outlive their tokens. */
  readonly insecure: boolean
  /** Header in which a trusted proxy in front of us names the user, any case; `''`: none. */
  readonly userIdHttpHeader: string
}

export const defaultAdmissionOptions: AdmissionOptions = {
  allowAnonymousConnectWithoutToken: false,
  disallowAnonymousConnectionTokens: false,
  insecure: false,
  userIdHttpHeader: '',
}
