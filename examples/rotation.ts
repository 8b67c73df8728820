import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
// Outside this checkout: import { issuer } from 'reseal'
import { issuer, type LibraryIssuer } from '../src/index.ts'

/**
 * A rotation that nobody notices: the new key is published before it signs, the old one stays after it signed last. In
 * earnest the lead is ten minutes and clients wait 30 s before they fetch for a kid they do not know; here 3 s and half
 * a second.
 */
export async function rotation(): Promise<void> {
  const provider = await issuer({ keys: { algs: ['ES256'], leadSeconds: 3, transitionSeconds: 60 } })
  try {
    const service = createRemoteJWKSet(new URL(provider.jwksUri), { cooldownDuration: 500 })
    const inFlight = await provider.mint()
    await jwtVerify(inFlight, service)

    const newKid = await provider.rotate()
    const meanwhile = await provider.mint()
    assert.notEqual(kidOf(meanwhile), newKid, 'published, and not signing yet')
    await jwtVerify(meanwhile, service)

    const fresh = await firstTokenOf(provider, newKid)
    await jwtVerify(fresh, service)
    assert.equal(provider.counters.requests.jwks, 2, 'the kid was new to the service, which fetched once')

    // Tokens in flight are good for services that start now, too: that is what the transition is for.
    const starting = createRemoteJWKSet(new URL(provider.jwksUri))
    for (const token of [inFlight, meanwhile, fresh]) await jwtVerify(token, starting)
  } finally {
    await provider.stop()
  }
}

async function firstTokenOf(provider: LibraryIssuer, kid: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const token = await provider.mint()
    if (kidOf(token) === kid) return token
    await sleep(100)
  }
  throw new Error(`The key ${kid} does not sign.`)
}

function kidOf(token: string): string | undefined {
  return decodeProtectedHeader(token).kid
}

if (import.meta.main) await rotation()
