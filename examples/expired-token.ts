import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

/** A token that expired an hour ago is refused by everybody, one that just expired only without a leeway. */
export async function expiredToken(): Promise<void> {
  const provider = await issuer()
  try {
    const jwks = createRemoteJWKSet(new URL(provider.jwksUri))
    const [key] = await new JwksClient({ jwksUri: provider.jwksUri }).getSigningKeys()
    const pem = key?.getPublicKey() ?? ''

    const longAgo = await provider.mint({ tamper: 'expired' })
    await assert.rejects(jwtVerify(longAgo, jwks, { clockTolerance: 300 }), { code: 'ERR_JWT_EXPIRED' })
    assert.throws(() => jsonwebtoken.verify(longAgo, pem, { clockTolerance: 300 }), /jwt expired/)

    const justNow = await provider.mint({ ttlSeconds: -10 })
    await assert.rejects(jwtVerify(justNow, jwks), { code: 'ERR_JWT_EXPIRED' })
    await jwtVerify(justNow, jwks, { clockTolerance: 60 })
    jsonwebtoken.verify(justNow, pem, { clockTolerance: 60 })
  } finally {
    await provider.stop()
  }
}

if (import.meta.main) await expiredToken()
