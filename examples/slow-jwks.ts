import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

/** A JWKS that takes six seconds: jose gives up after five, jwks-rsa waits up to thirty. Takes as long. */
export async function slowJwks(): Promise<void> {
  const provider = await issuer()
  try {
    const token = await provider.mint()
    const impatient = createRemoteJWKSet(new URL(provider.jwksUri))
    const patient = new JwksClient({ jwksUri: provider.jwksUri })

    await provider.fault('jwks', { kind: 'delay', delayMs: 6000 }, async () => {
      const [keys] = await Promise.all([
        patient.getSigningKeys(),
        assert.rejects(jwtVerify(token, impatient), { code: 'ERR_JWKS_TIMEOUT' }),
      ])
      assert.equal(keys.length, 1)
    })

    // A failed fetch leaves nothing behind: the next request fetches again.
    await jwtVerify(token, impatient)
    assert.equal(provider.counters.requests.jwks, 3)
  } finally {
    await provider.stop()
  }
}

if (import.meta.main) await slowJwks()
