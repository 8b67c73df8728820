import type { Place } from './place.ts'

/** What a login gave; `claims` are those of the id_token, which the client has checked. */
export interface Tokens {
  readonly access_token?: string | undefined
  readonly refresh_token?: string | undefined
  readonly id_token?: string | undefined
  readonly expires_in?: number | undefined
  readonly sub?: string | undefined
}

/** A client library, and the logins it can do; each throws where the library refuses an answer. */
export interface LoginClient {
  readonly name: string
  clientCredentials(place: Place): Promise<Tokens>
  /** Code with PKCE, the id_token checked for nonce, iss, aud and signature; then two refreshes, each rotating. */
  codeThenRefresh(place: Place): Promise<readonly Tokens[]>
  /** Tokens in the fragment of the redirect. */
  implicit?(place: Place): Promise<Tokens>
  /** `code id_token` in a page that posts itself, and the code for tokens. */
  formPost?(place: Place): Promise<Tokens>
  tokenExchange(place: Place): Promise<Tokens>
  /** A token is asked about, and the answer is a JWT of which the signature is checked. */
  introspection?(place: Place): Promise<Readonly<Record<string, unknown>>>
}

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
