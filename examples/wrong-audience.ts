import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

const AUDIENCE = 'https://orders.example'

/** A token for somebody else must be refused; a service that is not told its audience takes it. */
export async function wrongAudience(): Promise<void> {
  const provider = await issuer({ audience: AUDIENCE })
  try {
    const jwks = createRemoteJWKSet(new URL(provider.jwksUri))
    const [key] = await new JwksClient({ jwksUri: provider.jwksUri }).getSigningKeys()
    const pem = key?.getPublicKey() ?? ''

    const good = await provider.mint()
    await jwtVerify(good, jwks, { audience: AUDIENCE })
    jsonwebtoken.verify(good, pem, { audience: AUDIENCE })

    const wrong = await provider.mint({ tamper: 'wrongAudience' })
    await assert.rejects(jwtVerify(wrong, jwks, { audience: AUDIENCE }), {
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
      claim: 'aud',
    })
    assert.throws(() => jsonwebtoken.verify(wrong, pem, { audience: AUDIENCE }), /jwt audience invalid/)
    // All else about it is right, so this is what a service that forgot its audience does.
    await jwtVerify(wrong, jwks)
  } finally {
    await provider.stop()
  }
}

if (import.meta.main) await wrongAudience()
