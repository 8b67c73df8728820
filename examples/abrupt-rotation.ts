import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

/**
 * A key that signs at once, and an old one that is gone at once: jose, which fetched the JWKS less than 30 s ago, does
 * not fetch it again for a kid it does not know (its cooldown), and refuses good tokens. jwks-rsa fetches.
 */
export async function abruptRotation(): Promise<void> {
  const provider = await issuer({ keys: { leadSeconds: 0, transitionSeconds: 0 } })
  try {
    const joseService = createRemoteJWKSet(new URL(provider.jwksUri))
    const rsaService = new JwksClient({ jwksUri: provider.jwksUri })
    const inFlight = await provider.mint()
    await jwtVerify(inFlight, joseService)

    const newKid = await provider.rotate()
    const fresh = await provider.mint()
    await assert.rejects(jwtVerify(fresh, joseService), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    const key = await rsaService.getSigningKey(newKid)
    jsonwebtoken.verify(fresh, key.getPublicKey(), { algorithms: ['RS256'], issuer: provider.issuer })

    // Without a transition nobody who fetches now finds the key of the tokens in flight.
    const starting = createRemoteJWKSet(new URL(provider.jwksUri))
    await jwtVerify(fresh, starting)
    await assert.rejects(jwtVerify(inFlight, starting), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  } finally {
    await provider.stop()
  }
}

if (import.meta.main) await abruptRotation()
