import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as jose from 'jose'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { signingKey } from '../../src/keys/signing-key.ts'
import { findJwks, mayJoin, publishedJwk } from '../../src/keys/jwks.ts'
import { aCertificate } from './support/certificate.ts'
import { oddToken } from './support/recorded-token.ts'

const ec = ALGORITHMS.ES256.generate()
const ed = ALGORITHMS.Ed25519.generate()
const jwkOf = (key: typeof ec): object => {
  const { d: _d, ...jwk } = key.export({ format: 'jwk' })
  return jwk
}

const OWN_MEMBERS = new Map([
  ['RSA', ['n', 'e']],
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
])

suite('a JWK Set', () => {
  test('is found with the place and names of each key', () => {
    const text =
      '{ "keys" : [ {"kty":"EC","kid":"a","crv":"P-256","alg":"ES256"}, {"kty":"RSA","use":"enc","key_ops":[]} ] , "x":1}'
    const document = findJwks(text)
    assert.deepEqual(
      document?.entries.map(({ start, end, kty, kid, alg, crv, use, hasKeyOps }) => [
        text.slice(start, end),
        kty,
        kid,
        alg,
        crv,
        use,
        hasKeyOps,
      ]),
      [
        ['{"kty":"EC","kid":"a","crv":"P-256","alg":"ES256"}', 'EC', 'a', 'ES256', 'P-256', undefined, false],
        ['{"kty":"RSA","use":"enc","key_ops":[]}', 'RSA', undefined, undefined, undefined, 'enc', true],
      ],
    )
    assert.equal(text.slice(0, document?.keys.end).at(-1), ']')
  })

  test('may be empty', () => {
    assert.deepEqual(findJwks('{"keys":[]}')?.entries, [])
  })

  for (const text of [
    '',
    '[]',
    '{"keys":{}}',
    '{"keys":[1]}',
    '{"keys":["a"]}',
    '{"keys":[{"kty":1}]}',
    '{"keys":[{"kty":"EC"},{"id":1}]}',
    '{"keys":[],"total":0}',
    '[{"kty":"EC"}]',
    '{"kty":"EC"}',
    '{"keys":[{"kty":"EC"}',
  ]) {
    test(`is not ${text}`, () => {
      assert.equal(findJwks(text), undefined)
    })
  }

  test('tells who signed a token, and never fails over what it cannot import', () => {
    const keys = [
      jwkOf(ALGORITHMS.ES256.generate()),
      jwkOf(ec),
      { ...jwkOf(ec), use: 'enc' },
      { ...jwkOf(ec), key_ops: ['encrypt'] },
      { ...jwkOf(ec), key_ops: ['verify'], alg: 'ES521' },
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' },
      { kty: 'OKP', crv: 'X448', x: 'AA' },
      { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'RSA' },
      { kty: 'oct' },
      ec.export({ format: 'jwk' }),
    ]
    const entries = findJwks(JSON.stringify({ keys }))?.entries ?? []
    const token = oddToken('ES256', ec)
    assert.deepEqual(
      entries.map((entry) => entry.verifies(token)),
      [false, true, false, false, true, undefined, undefined, undefined, undefined, undefined, true],
    )
  })
})

suite('a published key', () => {
  const like = (members: object) =>
    findJwks(JSON.stringify({ keys: [{ kty: 'EC', ...members }] }))?.entries[0]
  const key = signingKey({ alg: 'ES256', key: ec, from: 'k' })
  const { x, y } = { x: '', y: '', ...jwkOf(ec) }
  const material = `"crv":"P-256","x":"${x}","y":"${y}"`

  for (const [what, recorded, kid, expected] of [
    [
      'without a model has alg and use',
      undefined,
      'a',
      `{"kty":"EC","kid":"a","use":"sig","alg":"ES256",${material}}`,
    ],
    ['without kid has none', undefined, undefined, `{"kty":"EC","use":"sig","alg":"ES256",${material}}`],
    [
      'has alg where the recorded one had',
      { alg: 'RS256', use: 'sig' },
      'a',
      `{"kty":"EC","kid":"a","use":"sig","alg":"ES256",${material}}`,
    ],
    [
      'has no alg where the recorded one had none',
      { use: 'sig' },
      'a',
      `{"kty":"EC","kid":"a","use":"sig",${material}}`,
    ],
    [
      'has key_ops where the recorded one had',
      { key_ops: ['verify'] },
      'a',
      `{"kty":"EC","kid":"a","key_ops":["verify"],${material}}`,
    ],
    [
      'never has both',
      { use: 'sig', key_ops: ['verify'] },
      'a',
      `{"kty":"EC","kid":"a","use":"sig",${material}}`,
    ],
    [
      'drops certificates of another key',
      { x5c: ['old'], x5t: 'old' },
      'a',
      `{"kty":"EC","kid":"a","use":"sig",${material}}`,
    ],
  ] as const) {
    test(what, () => {
      assert.equal(publishedJwk(key, recorded && like(recorded), kid), expected)
    })
  }

  test('has its own certificates where the recorded one had some', () => {
    const own = aCertificate({ subject: 'own', key: ec, issuer: 'own', issuerKey: ec })
    const certified = signingKey({ alg: 'ES256', key: ec, from: 'k', certificates: [own] })
    const jwk = JSON.parse(publishedJwk(certified, like({ x5c: ['old'] }), 'a')) as Record<string, unknown>
    assert.deepEqual(jwk['x5c'], [own.raw.toString('base64')])
    assert.equal('x5t' in jwk, false)
    assert.equal('x5c' in (JSON.parse(publishedJwk(certified, like({}), 'a')) as object), false)
  })

  test('is never an HMAC secret', () => {
    const secret = signingKey({ alg: 'HS256', key: ALGORITHMS.HS256.generate(), from: 's' })
    assert.throws(() => publishedJwk(secret, undefined, 'a'), {
      code: 'KEY_UNFIT',
      message: 'The key s (HMAC) has no public half that could be published.',
    })
  })

  for (const [alg, algorithm] of Object.entries(ALGORITHMS)) {
    if (alg.startsWith('HS')) continue
    test(`for ${alg} has the public members of RFC 7518 and RFC 8037 and no others`, async () => {
      const made = signingKey({ alg: algorithm.name, key: algorithm.generate(), from: 'k' })
      const jwk = JSON.parse(publishedJwk(made, undefined, 'a')) as jose.JWK
      const own = OWN_MEMBERS.get(jwk.kty ?? '') ?? []
      assert.deepEqual(Object.keys(jwk), ['kty', 'kid', 'use', 'alg', ...own])
      assert.equal(await jose.calculateJwkThumbprint(jwk), made.thumbprint)
      if (alg === 'ES512') assert.equal(Buffer.from(jwk.x ?? '', 'base64url').length, 66)
      if (jwk.kty === 'RSA') assert.equal(jwk.e, 'AQAB')
    })
  }
})

suite('a key of an exotic curve', () => {
  const published = (key: typeof ec, alg: 'ES256' | 'EdDSA') => {
    const jwk = signingKey({ alg, key, from: 'k' }).publicJwk
    assert.ok(jwk !== undefined)
    return jwk
  }
  const setOf = (...keys: readonly object[]) => {
    const document = findJwks(JSON.stringify({ keys }))
    assert.ok(document !== undefined)
    return document
  }

  test('joins only a set that has the curve already', () => {
    assert.equal(mayJoin(setOf({ kty: 'RSA' }), published(ed, 'EdDSA')), false)
    assert.equal(mayJoin(setOf({ kty: 'OKP', crv: 'Ed448' }), published(ed, 'EdDSA')), false)
    assert.equal(mayJoin(setOf({ kty: 'OKP', crv: 'Ed25519' }), published(ed, 'EdDSA')), true)
    assert.equal(mayJoin(setOf({ kty: 'RSA' }), published(ec, 'ES256')), true)
    assert.equal(mayJoin(setOf(), published(ed, 'EdDSA')), false)
  })
})
