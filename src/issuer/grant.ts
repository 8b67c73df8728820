import { randomBytes, randomUUID } from 'node:crypto'
import type { EpochSeconds } from '../core/time.ts'
import type { Client, Person } from './directory.ts'
import { nowSeconds, type Provider } from './provider.ts'

/** What a client was given once; everything issued under it ends when it is revoked. */
export interface Grant {
  readonly id: string
  readonly client: Client
  /** Undefined where the client acts for itself. */
  readonly person: Person | undefined
  readonly scope: string
  /** What the access token is for, as the request named it. */
  readonly audience: readonly string[]
  readonly authTime: EpochSeconds | undefined
  /** Of the authorization request; ID tokens of a refresh have none (OpenID Connect Core §12.2). */
  readonly nonce: string | undefined
}

export function newGrant(facts: Omit<Grant, 'id'>): Grant {
  return { id: randomUUID(), ...facts }
}

/** A secret that nobody guesses: 256 bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * A `jti` by which the token is known to belong to its grant, without being kept. It must be new, not secret: the last
 * 48 bits of a UUID, for which Node keeps random bytes at hand, where randomBytes would ask the system each time.
 */
export function newTokenId(grant: Grant): string {
  return `${grant.id}.${randomUUID().slice(-12)}`
}

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
