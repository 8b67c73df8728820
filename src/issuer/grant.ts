import { randomBytes, randomUUID } from 'node:crypto'
import type { EpochSeconds } from '../core/time.ts'
import type { Client, Person } from './directory.ts'

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
