import { ResealError } from '../core/errors.ts'
import type { Client, Directory, Person } from './directory.ts'
import { newGrant } from './grant.ts'
import { nowSeconds, type Provider } from './provider.ts'
import type { Claims } from './settings.ts'
import type { TamperName } from './tampers.ts'
import { accessClaims } from './token-making.ts'

/** A token made by call. */
export interface MintRequest {
  /** Claims to add to the usual ones, and to put in their place. */
  readonly claims?: Claims | undefined
  /** Signs `claims` as they are, nothing added; then only `tamper` counts besides. */
  readonly raw?: boolean | undefined
  /** Default: that of access tokens. Negative for one that has expired. */
  readonly ttlSeconds?: number | undefined
  /** Default: the first client, else `test-client`. */
  readonly clientId?: string | undefined
  /** By `sub`, `username` or `email`. Default: the first user, else `test-user`. */
  readonly user?: string | undefined
  readonly scope?: string | undefined
  readonly tamper?: TamperName | undefined
}

/**
 * The claims of an access token as a grant would give them, with those of the request in their place.
 * @throws ResealError USAGE for a client or user that is not among the configured ones, or a ttl that is no number
 */
export function mintedClaims(provider: Provider, issuer: string, request: MintRequest = {}): Claims {
  const { directory, settings } = provider
  const { ttlSeconds = settings.accessTokenSeconds, scope = '', claims } = request
  if (!Number.isFinite(ttlSeconds))
    throw new ResealError('USAGE', 'The ttl of a token is not a number of seconds.')
  const client = clientNamed(directory, request.clientId)
  const person = personNamed(directory, request.user)
  const grant = newGrant({ client, person, scope, audience: [], authTime: undefined, nonce: undefined })
  const now = nowSeconds(provider)
  return { ...accessClaims(provider, issuer, grant, now, { exp: now + Math.floor(ttlSeconds) }), ...claims }
}

function clientNamed(directory: Directory, id: string | undefined): Client {
  const found = id === undefined ? directory.firstClient() : directory.client(id)
  return found ?? unknown('client', 'client id')
}

function personNamed(directory: Directory, name: string | undefined): Person {
  const found = name === undefined ? directory.firstPerson() : directory.person(name)
  return found ?? unknown('user', 'sub, username or email')
}

function unknown(what: string, by: string): never {
  throw new ResealError('USAGE', `The token is to be for a ${what} that is not configured.`, {
    hint: `Name a configured ${what} by ${by}, or configure none, and every one is taken.`,
  })
}
