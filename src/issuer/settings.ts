/** The claims of a token as values. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * Claims as the user writes them: JSON whose strings may hold `${name}`, filled when a token is made. Names are `sub`,
 * `client_id`, `scope`, `iss`, `grant_type`, `username`, `email` and every claim of the user. A string that is one
 * placeholder and nothing else takes the value with its type, and the member is left out where there is none.
 */
export type ClaimTemplate = Readonly<Record<string, unknown>>

/** Claims to add, and to put in the place of the usual ones. Later rows win over earlier ones. */
export interface ClaimTemplates {
  /** In access tokens, ID tokens and the userinfo answer. */
  readonly all?: ClaimTemplate
  readonly accessToken?: ClaimTemplate
  readonly idToken?: ClaimTemplate
  readonly userinfo?: ClaimTemplate
  /** By scope, where the token has it. */
  readonly scopes?: Readonly<Record<string, ClaimTemplate>>
  /** By client id. */
  readonly clients?: Readonly<Record<string, ClaimTemplate>>
  /** By user id: `sub`, `username` or `email`. */
  readonly users?: Readonly<Record<string, ClaimTemplate>>
}

/** How a client proves who it is (OpenID Connect Core §9). */
export type ClientAuthMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'client_secret_jwt'

/** Every way of {@link ClientAuthMethod}, as discovery lists them. */
export const CLIENT_AUTH_METHODS: readonly ClientAuthMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'client_secret_jwt',
  'none',
]

export interface ClientSettings {
  readonly clientId: string
  readonly secret?: string | undefined
  /** Compared exactly, but for the port of a loopback address (RFC 8252 §7.3); without them any URI is taken. */
  readonly redirectUris?: readonly string[] | undefined
  /** Compared exactly; without them, URIs on the origin of one of the `redirectUris`. */
  readonly postLogoutRedirectUris?: readonly string[] | undefined
  /** The only method taken; without it, every method that `secret` and `jwks` allow. */
  readonly authMethod?: ClientAuthMethod | undefined
  /** The client's public keys, a JWK Set. */
  readonly jwks?: unknown
  /** Values of `grant_type` the client may use (`implicit` among them); without it all. */
  readonly grants?: readonly string[] | undefined
  readonly accessTokens?: 'jwt' | 'opaque' | undefined
  readonly audience?: string | readonly string[] | undefined
  readonly claims?: ClaimTemplate | undefined
}

/** A person who can log in, found by `sub`, `username` or `email`, of which one must be there. */
export interface UserSettings {
  /** Default: `username`, else `email`. */
  readonly sub?: string | undefined
  readonly email?: string | undefined
  readonly username?: string | undefined
  /** Without it every password is taken. */
  readonly password?: string | undefined
  readonly claims?: ClaimTemplate | undefined
}

export interface IssuerSettings {
  /** `iss`, identical to the byte: an http or https URL that may have a path (`/tenants/a`), no query, no fragment. */
  readonly issuer: string
  /** Empty: every client id is taken, with every secret. */
  readonly clients: readonly ClientSettings[]
  /** Empty: every user is taken, with every password. */
  readonly users: readonly UserSettings[]
  readonly accessTokenSeconds: number
  readonly idTokenSeconds: number
  readonly refreshTokenSeconds: number
  readonly accessTokens: 'jwt' | 'opaque'
  /** `auto` logs in the user of `login_hint`, or the first, without showing a page. */
  readonly login: 'page' | 'auto'
  readonly claims: ClaimTemplates
  /** `aud` of access tokens where neither request nor client names one; default the issuer itself. */
  readonly audience?: string | readonly string[] | undefined
  /** Whether `X-Forwarded-Proto`, `-Host`, `-Port` and `-Prefix` decide the issuer's URL. */
  readonly trustForwarded: boolean
}

/** What settings are where the user says nothing. */
export const DEFAULT_ISSUER_SETTINGS: Omit<IssuerSettings, 'issuer'> = {
  clients: [],
  users: [],
  accessTokenSeconds: 300,
  idTokenSeconds: 300,
  refreshTokenSeconds: 86_400,
  accessTokens: 'jwt',
  login: 'page',
  claims: {},
  trustForwarded: false,
}
