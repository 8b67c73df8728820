import type { Grant } from './grant.ts'
import { nowSeconds, type Provider } from './provider.ts'

/** Ends a grant: its codes, refresh tokens and access tokens are worth nothing from now on. */
export function revokeGrant(provider: Provider, grant: Grant): void {
  revokeUntilForgotten(provider, grant.id)
}

/** Ends one access token. */
export function revokeTokenId(provider: Provider, tokenId: string): void {
  revokeUntilForgotten(provider, tokenId)
}

/** Whether this token or the grant it belongs to has ended. */
export function isRevoked(provider: Provider, tokenId: string): boolean {
  const { revoked } = provider.stores
  const now = provider.clock()
  const dot = tokenId.indexOf('.')
  return (
    revoked.get(tokenId, now) !== undefined ||
    (dot !== -1 && revoked.get(tokenId.slice(0, dot), now) !== undefined)
  )
}

/** Longer than anything lives that could be shown again. */
function revokeUntilForgotten(provider: Provider, id: string): void {
  const { accessTokenSeconds, refreshTokenSeconds } = provider.settings
  const seconds = nowSeconds(provider) + accessTokenSeconds + refreshTokenSeconds + MARGIN_SECONDS
  provider.stores.revoked.set(id, true, seconds * 1000)
}

const MARGIN_SECONDS = 3600
