import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import * as jose from 'jose'
import { ALGORITHMS, type AlgName } from '../../src/keys/algorithms.ts'
import type { HmacOptions } from '../../src/keys/files/hmac-secret.ts'
import { autoAlg } from '../../src/keys/sources/alg-choice.ts'
import type { KeySource } from '../../src/keys/sources/key-source.ts'
import { mountedKeys } from '../../src/keys/sources/mounted-keys.ts'
import { aCertificate } from './support/certificate.ts'
import { pemOf } from './support/key-formats.ts'
import { oddToken, recordedToken } from './support/recorded-token.ts'
import { pssKey } from './support/pss-key.ts'
import { secretsWith } from './support/secrets-directory.ts'

const rsa = ALGORITHMS.RS256.generate()
const p256 = ALGORITHMS.ES256.generate()
const p384 = ALGORITHMS.ES384.generate()

function mounted(context: TestContext, bytes: Uint8Array | string, options: HmacOptions = {}): KeySource {
  return mountedKeys(secretsWith(context, { 'a/tls.key': bytes }), { secretPath: 'a/tls.key', ...options })
}

suite('a mounted key', () => {
  test('tells what it is and its public half, and nothing of the private one', async (context) => {
    const source = mounted(context, pemOf(rsa, 'pkcs8'))
    const key = source.keyFor(oddToken('PS384'))
    assert.equal(key.source, 'a/tls.key (RSA 2048)')
    assert.equal(key.alg, 'PS384')
    assert.equal(key.kid, undefined)
    assert.deepEqual(Object.keys(key.publicJwk ?? {}), ['kty', 'n', 'e'])
    assert.equal(key.thumbprint, await jose.calculateJwkThumbprint(rsa))
    const { d } = rsa.export({ format: 'jwk' })
    assert.ok(d !== undefined && !JSON.stringify(key).includes(d))
  })

  test('is the same object for the same alg, and another for another', (context) => {
    const source = mounted(context, pemOf(rsa, 'pkcs8'))
    assert.equal(source.keyFor(oddToken('RS256')), source.keyFor(oddToken('RS256', rsa)))
    assert.notEqual(source.keyFor(oddToken('RS256')), source.keyFor(oddToken('RS512')))
  })

  test('leaves a token without signature unsigned, unless an alg is forced', (context) => {
    const source = mounted(context, pemOf(rsa, 'pkcs8'))
    const token = recordedToken({ header: '{"alg":"none"}', payload: '{}' })
    assert.equal(source.keyFor(token).alg, 'none')
    assert.equal(source.keyFor(token, 'auto').alg, 'none')
    assert.equal(source.keyFor(token, 'RS384').alg, 'RS384')
  })

  test('knows the tokens it signed, by any alg of its kind', (context) => {
    const key = mounted(context, pemOf(rsa, 'pkcs8')).keyFor(oddToken('RS256'))
    assert.equal(key.verifies(oddToken('PS512', rsa)), true)
    assert.equal(key.verifies(oddToken('PS512')), false)
    assert.equal(key.verifies(oddToken('ES256', p256)), false)
    assert.equal(key.verifies(oddToken('XS256')), false)
  })

  for (const [name, key] of Object.entries({
    P256: p256,
    P521: ALGORITHMS.ES512.generate(),
    secp256k1: ALGORITHMS.ES256K.generate(),
    Ed25519: ALGORITHMS.Ed25519.generate(),
    Ed448: ALGORITHMS.Ed448.generate(),
  })) {
    test(`has the thumbprint jose computes: ${name}`, async (context) => {
      const alg = autoAlg(key, '') ?? 'RS256'
      assert.equal(
        mounted(context, pemOf(key, 'pkcs8')).keyFor(oddToken(alg)).thumbprint,
        await jose.calculateJwkThumbprint(key.export({ format: 'jwk' })),
      )
    })
  }

  test('limited to RSA-PSS is published as a plain RSA key', async (context) => {
    const pss = pssKey('sha256', 32)
    const key = mounted(context, pemOf(pss, 'pkcs8')).keyFor(oddToken('PS256'))
    assert.equal(key.source, 'a/tls.key (RSA-PSS 2048 (sha256 only))')
    const input = `${Buffer.from('{"alg":"PS256"}').toString('base64url')}.e30`
    const signature = Buffer.from(await key.sign(Buffer.from(input)))
    const imported = await jose.importJWK({ ...key.publicJwk }, 'PS256')
    await jose.compactVerify(`${input}.${signature.toString('base64url')}`, imported)
    assert.equal(key.publicJwk?.kty, 'RSA')
  })

  test('has the certificate beside it, as in a Kubernetes TLS secret, if that is its own', (context) => {
    const issuerKey = ALGORITHMS.ES256.generate()
    const own = aCertificate({ subject: 'own', key: p256, issuer: 'ca', issuerKey })
    const other = aCertificate({ subject: 'other', key: p384, issuer: 'ca', issuerKey })
    const token = oddToken('ES256')
    for (const [certificate, count] of [
      [own, 1],
      [other, 0],
    ] as const) {
      const secrets = secretsWith(context, {
        'a/tls.key': pemOf(p256, 'sec1'),
        'a/tls.crt': certificate.toString(),
      })
      const key = mountedKeys(secrets, { secretPath: '${{secret:a/tls.key}}' }).keyFor(token)
      assert.equal(key.certificates.length, count)
    }
  })
})

suite('a key that does not fit the alg', () => {
  const cases: readonly (readonly [KeyObject, string, AlgName | 'keep' | 'auto', string, string])[] = [
    [
      rsa,
      'ES256',
      'keep',
      'The key a/tls.key (RSA 2048) cannot sign ES256, which takes a P-256 key.',
      'Mount a P-256 key, or write `alg: auto` to sign with RS256 instead.',
    ],
    [
      p256,
      'ES384',
      'keep',
      'The key a/tls.key (P-256) cannot sign ES384, which takes a P-384 key.',
      'Mount a P-384 key, or write `alg: auto` to sign with ES256 instead.',
    ],
    [
      p256,
      'ES256',
      'RS512',
      'The key a/tls.key (P-256) cannot sign RS512, which takes an RSA key.',
      'Mount an RSA key, or write `alg: auto` to sign with ES256 instead.',
    ],
    [
      p256,
      'RS1',
      'keep',
      'The recorded token is signed with "RS1", which reseal cannot sign.',
      'Leave the token alone, or write `alg: auto` to sign with ES256 instead.',
    ],
    [
      generateKeyPairSync('x25519').privateKey,
      'EdDSA',
      'auto',
      'The key a/tls.key (X25519) fits no JWT algorithm.',
      'Mount an RSA, P-256, P-384, P-521, secp256k1 or Ed25519 private key, or an HMAC secret.',
    ],
    [
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
      'PS512',
      'keep',
      'The key a/tls.key (RSA 1024) cannot sign PS512, which takes an RSA key of 1034 bits or more.',
      'Mount an RSA key of 1034 bits or more, or write `alg: auto` to sign with RS512 instead.',
    ],
    [
      pssKey('sha512', 64),
      'RS256',
      'keep',
      'The key a/tls.key (RSA-PSS 2048 (sha512 only)) cannot sign RS256, which takes an RSA key.',
      'Mount an RSA key, or write `alg: auto` to sign with PS512 instead.',
    ],
  ]
  for (const [key, tokenAlg, choice, message, hint] of cases) {
    test(`${message} (${choice})`, (context) => {
      const source = mounted(context, pemOf(key, 'pkcs8'))
      assert.throws(() => source.keyFor(oddToken(tokenAlg), choice), { code: 'KEY_UNFIT', message, hint })
    })
  }

  test('is an HMAC secret for an RSA token, and an RSA key for an HMAC token', (context) => {
    assert.throws(() => mounted(context, 'secret').keyFor(oddToken('RS256')), {
      code: 'KEY_UNFIT',
      message: 'The key a/tls.key (HMAC) cannot sign RS256, which takes an RSA key.',
    })
    assert.throws(() => mounted(context, pemOf(rsa, 'pkcs8')).keyFor(oddToken('HS256')), {
      code: 'KEY_UNFIT',
      message: 'The key a/tls.key (RSA 2048) cannot sign HS256, which takes an HMAC secret.',
    })
  })

  test('may be small: RSA of 1024 bits signs', async (context) => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    const key = mounted(context, pemOf(small, 'pkcs1')).keyFor(oddToken('RS256'))
    assert.equal((await key.sign(Buffer.from('x'))).length, 128)
  })
})

suite('alg: auto', () => {
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey
  const secretOf = (length: number): KeyObject => createSecretKey(Buffer.alloc(length, 1))
  const cases: readonly (readonly [string, KeyObject, string, string])[] = [
    ['RSA keeps family and size', rsa, 'PS384', 'PS384'],
    ['RSA takes the size of an EC token', rsa, 'ES512', 'RS512'],
    ['RSA takes 256 for a token without size', rsa, 'EdDSA', 'RS256'],
    ['RSA-PSS takes the size with PS', pss, 'RS384', 'PS384'],
    ['P-256', p256, 'RS512', 'ES256'],
    ['P-384', p384, 'RS256', 'ES384'],
    ['P-521', ALGORITHMS.ES512.generate(), 'ES256', 'ES512'],
    ['secp256k1', ALGORITHMS.ES256K.generate(), 'ES256', 'ES256K'],
    ['Ed25519', ALGORITHMS.Ed25519.generate(), 'RS256', 'EdDSA'],
    ['Ed448', ALGORITHMS.Ed448.generate(), 'Ed25519', 'EdDSA'],
    ['a recorded Ed25519 stays', ALGORITHMS.Ed25519.generate(), 'Ed25519', 'Ed25519'],
    ['a secret keeps the token’s', secretOf(5), 'HS512', 'HS512'],
    ['a secret of 5 bytes', secretOf(5), 'RS512', 'HS256'],
    ['a secret of 47 bytes', secretOf(47), 'RS512', 'HS256'],
    ['a secret of 48 bytes', secretOf(48), 'RS256', 'HS384'],
    ['a secret of 64 bytes', secretOf(64), 'RS256', 'HS512'],
  ]
  for (const [what, key, recorded, expected] of cases) {
    test(`${what}: ${recorded} becomes ${expected}`, () => {
      assert.equal(autoAlg(key, recorded), expected)
    })
  }
})

suite('an HMAC secret', () => {
  const secretOf = (text: string): KeyObject => createSecretKey(Buffer.from(text))

  test('that no reading proves is the file without its last line end, and says so', (context) => {
    const source = mounted(context, 'a secret that has more than 32 bytes\n')
    const key = source.keyFor(oddToken('HS256'))
    assert.equal(key.verifies(oddToken('HS256', secretOf('a secret that has more than 32 bytes'))), true)
    assert.deepEqual(source.notes, [
      'no reading of a/tls.key verifies the recorded token, so the secret is taken without its last line end',
    ])
  })

  test('that the recording proves is taken as it proves, without a note', (context) => {
    for (const [file, secret] of [
      ['a secret that has more than 32 bytes\n', 'a secret that has more than 32 bytes\n'],
      [
        'YSBzZWNyZXQgdGhhdCBoYXMgbW9yZSB0aGFuIDMyIGJ5dGVz',
        'YSBzZWNyZXQgdGhhdCBoYXMgbW9yZSB0aGFuIDMyIGJ5dGVz',
      ],
      ['YSBzZWNyZXQgdGhhdCBoYXMgbW9yZSB0aGFuIDMyIGJ5dGVz', 'a secret that has more than 32 bytes'],
    ] as const) {
      const source = mounted(context, file)
      const recorded = oddToken('HS256', secretOf(secret))
      assert.equal(source.keyFor(recorded).verifies(recorded), true)
      assert.deepEqual(source.notes, [])
    }
  })

  test('too short for its hash signs with a note', (context) => {
    const source = mounted(context, 's3cret')
    const recorded = oddToken('HS512', secretOf('s3cret'))
    assert.equal(source.keyFor(recorded).verifies(recorded), true)
    assert.deepEqual(source.notes, [
      'a/tls.key is shorter than the 64 bytes HS512 asks for (RFC 7518 §3.2); some clients refuse it',
    ])
  })

  for (const [options, file, secret] of [
    [{ encoding: 'raw', trim: false }, 'abc\n', 'abc\n'],
    [{ trim: false }, 'abc\n', 'abc\n'],
    [{ trim: true }, 'abc\n\n', 'abc\n'],
    [{ encoding: 'raw' }, '616263', '616263'],
    [{ encoding: 'hex' }, '616263\n', 'abc'],
    [{ encoding: 'base64' }, 'Pz8/Pg==\n', '???>'],
    [{ encoding: 'base64url' }, 'Pz8_Pg\n', '???>'],
  ] as const) {
    test(`pinned with ${JSON.stringify(options)} is read so, whatever the recording says`, (context) => {
      const key = mounted(context, file, options).keyFor(oddToken('HS256'))
      assert.equal(key.verifies(oddToken('HS256', secretOf(secret))), true)
    })
  }

  test('that is not in the pinned encoding is refused at load', (context) => {
    assert.throws(() => mounted(context, 'not hex', { encoding: 'hex' }), {
      code: 'KEY_INVALID',
      message: 'The secret "a/tls.key" holds nothing that reads as hex.',
    })
  })
})

suite('a file with several keys', () => {
  const jwkOf = (key: KeyObject, members: object): object => ({
    ...key.export({ format: 'jwk' }),
    ...members,
  })
  const first = ALGORITHMS.ES256.generate()
  const second = ALGORITHMS.ES256.generate()
  const set = JSON.stringify({
    keys: [jwkOf(rsa, { alg: 'PS256' }), jwkOf(first, { kid: 'one' }), jwkOf(second, { kid: 'key 1' })],
  })

  test('signs with the one that verifies the recording, whatever the kid', (context) => {
    assert.equal(mounted(context, set).keyFor(oddToken('ES256', first)).kid, 'one')
  })

  test('signs with the one the token’s kid names, when none verifies it', (context) => {
    assert.equal(mounted(context, set).keyFor(oddToken('ES256')).kid, 'key 1')
  })

  test('signs with the first that fits, when nothing names one', (context) => {
    const token = recordedToken({ header: '{"alg":"ES256"}', payload: '{}' })
    assert.equal(mounted(context, set).keyFor(token).kid, 'one')
  })

  test('signs with the one whose JWK names the alg', (context) => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const two = JSON.stringify({
      keys: [jwkOf(rsa, { alg: 'PS256', kid: 'a' }), jwkOf(other, { alg: 'RS256', kid: 'b' })],
    })
    assert.equal(mounted(context, two).keyFor(oddToken('RS256')).kid, 'b')
  })
})
