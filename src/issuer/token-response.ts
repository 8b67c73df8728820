import type { EpochSeconds } from '../core/time.ts'
import { scopeList } from './claim-book.ts'
import { newSecret, type Grant } from './grant.ts'
import { nowSeconds, type Call, type Provider } from './provider.ts'
import type { Claims } from './settings.ts'
import { makeAccessToken, makeIdToken } from './token-making.ts'

/** The body of a token endpoint's answer (RFC 6749 §5.1). */
export type TokenResponse = Claims

export interface TokenWishes {
  /** Whether a refresh token goes with it; default no. */
  readonly refresh?: boolean
  /** Of the ID token, which is there when the scope has `openid` and there is a person. */
  readonly nonce?: string | undefined
  readonly code?: string | undefined
  /** Claims of the access token beside the usual ones. */
  readonly extra?: Claims
  /** Scope of the access token, where it is less than that of the grant. */
  readonly scope?: string
}

/** Makes the tokens of a grant. */
export async function grantTokens(
  provider: Provider,
  call: Call,
  granted: Grant,
  { refresh = false, nonce, code, extra, scope }: TokenWishes = {},
): Promise<TokenResponse> {
  const grant = scope === undefined ? granted : { ...granted, scope }
  const { token, expiresInSeconds } = await makeAccessToken(provider, call, grant, extra)
  const hasIdToken = grant.person !== undefined && scopeList(grant.scope).includes('openid')
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    ...(grant.scope !== '' && { scope: grant.scope }),
    ...(refresh && mayRefresh(grant) && { refresh_token: newRefreshToken(provider, granted) }),
    ...(hasIdToken && {
      id_token: await makeIdToken(provider, call, grant, { nonce, accessToken: token, code }),
    }),
  }
}

function mayRefresh({ client }: Grant): boolean {
  return client.settings.grants?.includes('refresh_token') ?? true
}

/** A refresh token of this grant, good for its whole lifetime from now. */
export function newRefreshToken(provider: Provider, grant: Grant): string {
  const exp: EpochSeconds = nowSeconds(provider) + provider.settings.refreshTokenSeconds
  const token = newSecret()
  provider.stores.refreshTokens.set(token, { grant, exp, used: false }, exp * 1000)
  return token
}
