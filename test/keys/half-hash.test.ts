import assert from 'node:assert/strict'
import { test } from 'node:test'
import { halfHash } from '../../src/keys/algorithms.ts'

// OpenID Connect Core appendix A.3 and A.4: the access token and code of those examples, and the hashes printed there.
test('at_hash and c_hash are those of the OpenID Connect examples', () => {
  assert.equal(halfHash('RS256', 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'), '77QmUPtjPfzWtF2AnpK9RQ')
  assert.equal(
    halfHash('RS256', 'Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk'),
    'LDktKdoQak3Pk0cnXxCltA',
  )
})

test('the hash is as long as the alg says, and Edwards curves use the hash inside them', () => {
  const bytes = (alg: string, curve?: 'Ed448'): number =>
    Buffer.from(halfHash(alg, 'token', curve) ?? '', 'base64url').length
  assert.deepEqual(
    ['RS256', 'PS384', 'ES512', 'ES256K', 'HS384'].map((alg) => bytes(alg)),
    [16, 24, 32, 16, 24],
  )
  assert.deepEqual(
    [bytes('EdDSA'), bytes('Ed25519'), bytes('EdDSA', 'Ed448'), bytes('Ed448')],
    [32, 32, 57, 57],
  )
})

test('there is none without a signature, or for an alg nobody knows', () => {
  assert.equal(halfHash('none', 'token'), undefined)
  assert.equal(halfHash('toString', 'token'), undefined)
})
