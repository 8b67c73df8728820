import assert from 'node:assert/strict'
import * as jose from 'jose'
import { parseJwt, type Jwt } from '../../../src/core/jwt.ts'
import { ALGORITHMS, type AlgName } from '../../../src/keys/algorithms.ts'
import { createKeyRing, type KeyRing, type KeyRingOptions } from '../../../src/keys/ring/key-ring.ts'
import { mintJwt } from '../../../src/keys/mint.ts'
import { signingKey, type SigningKey } from '../../../src/keys/signing-key.ts'

/** The frozen second at which test rings are made. */
export const BEGIN = 1_700_000_000

/** A ring of quickly made keys, whose lead is 600 s and whose transition is 3600 s. */
export function aRing(options: Partial<KeyRingOptions> = {}): Promise<KeyRing> {
  return createKeyRing({ algs: ['ES256'], now: BEGIN, ...options })
}

export function aKey(alg: AlgName = 'ES256', kid?: string): SigningKey {
  return signingKey({ alg, key: ALGORITHMS[alg].generate(), from: 'test', kid })
}

/** `state state …` in order of arrival. */
export function statesAt(ring: KeyRing, now: number): string {
  return ring
    .keys(now)
    .map(({ state }) => state)
    .join(' ')
}

/** A token signed by the ring at that moment. */
export function tokenAt(ring: KeyRing, now: number): Promise<string> {
  return mintJwt(ring.signer(now), {}, { sub: 'u', iat: now })
}

/** Whether jose, holding the JWKS of one moment, accepts a token. */
export async function joseAccepts(ring: KeyRing, now: number, token: string): Promise<boolean> {
  const jwks = jose.createLocalJWKSet(JSON.parse(ring.jwksText(now)) as jose.JSONWebKeySet)
  try {
    await jose.jwtVerify(token, jwks)
    return true
  } catch (error) {
    if (error instanceof jose.errors.JWKSNoMatchingKey) return false
    throw error
  }
}

export function parsed(token: string): Jwt {
  const jwt = parseJwt(token)
  assert.ok(jwt)
  return jwt
}
