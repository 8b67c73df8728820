import assert from 'node:assert/strict'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

/** A forger with keys of its own makes tokens that say what the real ones say, down to the kid. */
export async function secondIssuer(): Promise<void> {
  const provider = await issuer()
  const forger = await issuer({ issuer: provider.issuer })
  try {
    const jwks = createRemoteJWKSet(new URL(provider.jwksUri))
    const good = await provider.mint()
    await jwtVerify(good, jwks, { issuer: provider.issuer })

    const stranger = await forger.mint()
    await assert.rejects(jwtVerify(stranger, jwks), { code: 'ERR_JWKS_NO_MATCHING_KEY' })

    const { kid = '' } = decodeProtectedHeader(good)
    const forged = await forger.sign(decodeJwt(good), { header: { kid } })
    await assert.rejects(jwtVerify(forged, jwks), { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
    const key = await new JwksClient({ jwksUri: provider.jwksUri }).getSigningKey(kid)
    assert.throws(() => jsonwebtoken.verify(forged, key.getPublicKey()), /invalid signature/)
  } finally {
    await Promise.all([provider.stop(), forger.stop()])
  }
}

if (import.meta.main) await secondIssuer()
