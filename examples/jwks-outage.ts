import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { JwksClient } from 'jwks-rsa'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer } from '../src/index.ts'

/** The JWKS cannot be fetched for a while: who has the keys goes on, who has yet to fetch them cannot. */
export async function jwksOutage(): Promise<void> {
  const provider = await issuer()
  try {
    const service = createRemoteJWKSet(new URL(provider.jwksUri)) // keeps the keys for ten minutes
    await jwtVerify(await provider.mint(), service)

    await provider.fault('jwks', { kind: 'status', status: 503 }, async () => {
      for (let request = 0; request < 10; request += 1) {
        const { payload } = await jwtVerify(await provider.mint(), service, { issuer: provider.issuer })
        assert.equal(payload.iss, provider.issuer)
      }
      assert.equal(provider.counters.requests.jwks, 1)

      const starting = createRemoteJWKSet(new URL(provider.jwksUri))
      await assert.rejects(jwtVerify(await provider.mint(), starting), { code: 'ERR_JOSE_GENERIC' })
      await assert.rejects(new JwksClient({ jwksUri: provider.jwksUri }).getSigningKeys(), {
        name: 'JwksError',
      })
    })

    const recovered = createRemoteJWKSet(new URL(provider.jwksUri))
    await jwtVerify(await provider.mint(), recovered)
  } finally {
    await provider.stop()
  }
}

if (import.meta.main) await jwksOutage()
