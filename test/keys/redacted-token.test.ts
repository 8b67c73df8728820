import assert from 'node:assert/strict'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import type { Jwt } from '../../src/core/jwt.ts'
import { isRedactedSignature, redactedSignature, signaturePart } from '../../src/core/redacted-signature.ts'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { findJwks } from '../../src/keys/jwks.ts'
import { mountedKeys } from '../../src/keys/sources/mounted-keys.ts'
import type { KeySource } from '../../src/keys/sources/key-source.ts'
import { aJwt, recordedToken } from './support/recorded-token.ts'
import { secretsWith } from './support/secrets-directory.ts'

const [rsa, otherRsa] = [ALGORITHMS.RS256.generate(), ALGORITHMS.RS256.generate()]
const ed = ALGORITHMS.EdDSA.generate()
const p256 = ALGORITHMS.ES256.generate()

/** A token that the key signed, as a recording keeps it. */
function redactedToken(alg: string, key: KeyObject, kid?: string): Jwt {
  const header = JSON.stringify({ alg, ...(kid === undefined ? {} : { kid }) })
  const { token, signingInput } = recordedToken({ header, payload: '{"sub":"u"}', key })
  return aJwt(`${signingInput}.${redactedSignature(alg, signaturePart(token))}`)
}

function mounted(context: TestContext, content: string | Uint8Array): KeySource {
  return mountedKeys(secretsWith(context, { 'a/key': content }), { secretPath: 'a/key' })
}

function jwksOf(...keys: readonly KeyObject[]): string {
  return JSON.stringify({ keys: keys.map((key) => key.export({ format: 'jwk' })) })
}

suite('a redacted token', () => {
  test('is still a JWT, and says that it is redacted', () => {
    for (const [alg, key] of [
      ['RS512', rsa],
      ['ES256', p256],
      ['EdDSA', ed],
    ] as const) {
      const { token, signature } = redactedToken(alg, key)
      assert.ok(isRedactedSignature(signaturePart(token)))
      assert.ok(!ALGORITHMS[alg].verify(Buffer.from(token), signature, key))
    }
  })
  test('tells the mounted key that signed it, where its alg signs the same way each time', (context) => {
    const source = mounted(context, jwksOf(otherRsa, rsa))
    const key = source.keyFor(redactedToken('RS256', rsa))
    assert.equal(key.publicJwk?.kty === 'RSA' && key.publicJwk.n, rsa.export({ format: 'jwk' }).n)
    assert.equal(key.verifies(redactedToken('RS256', rsa)), true)
    assert.equal(key.verifies(redactedToken('RS256', otherRsa)), false)
    const edwards = mounted(context, jwksOf(ed)).keyFor(redactedToken('EdDSA', ed))
    assert.equal(edwards.verifies(redactedToken('EdDSA', ed)), true)
  })
  test('goes by kid and alg where nothing tells', (context) => {
    const source = mounted(context, jwksOf(p256))
    assert.equal(
      source.keyFor(redactedToken('ES256', p256)).verifies(redactedToken('ES256', p256)),
      undefined,
    )
    const token = redactedToken('PS256', rsa)
    assert.equal(mounted(context, jwksOf(rsa)).keyFor(token).verifies(token), undefined)
  })
  test('is neither confirmed nor denied by a public key', () => {
    const jwk = createPublicKey(rsa).export({ format: 'jwk' })
    const entry = findJwks(JSON.stringify({ keys: [jwk] }))?.entries[0]
    assert.equal(entry?.verifies(redactedToken('RS256', rsa)), undefined)
  })
  test('proves no reading of an HMAC secret, and the note says so', (context) => {
    const secret = Buffer.from('c2VjcmV0LW9mLXN0YWdpbmctdGhhdC1pcy1sb25nLWVub3VnaA==\n')
    const source = mounted(context, secret)
    const key = ALGORITHMS.HS256.generate()
    assert.equal(source.keyFor(redactedToken('HS256', key)).alg, 'HS256')
    assert.match(source.notes.join(), /the recorded token is redacted and proves no reading of a\/key/)
  })
})
