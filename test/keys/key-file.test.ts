import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { parseKeyFile, type KeyFile } from '../../src/keys/files/key-file.ts'
import { aCertificate, der } from './support/certificate.ts'
import { PASSPHRASE, pemOf, writtenKeys } from './support/key-formats.ts'

const ec = ALGORITHMS.ES256.generate()
const rsa = ALGORITHMS.RS256.generate()

suite('a key file that is not as it should be', () => {
  for (const [format, note] of [
    ['PKCS#8 PEM', undefined],
    ['PKCS#8 PEM with CRLF', 'a/tls.key has CRLF line ends'],
    ['PKCS#8 PEM with a byte order mark', 'a/tls.key begins with a byte order mark'],
    ['PKCS#8 PEM with indentation', 'a/tls.key is indented'],
    ['PKCS#8 PEM with literal \\n', 'a/tls.key has "\\n" written out in place of line ends'],
    ['PKCS#8 PEM with spaces for line ends', 'a/tls.key has lost its line ends'],
    ['PKCS#8 PEM in UTF-16', 'a/tls.key is UTF-16 text'],
    ['base64 of a PEM', 'a/tls.key is base64 of a PEM file'],
    ['base64 of a JWK', 'a/tls.key is base64 of a JWK'],
    ['base64 of DER', 'a/tls.key is a key in base64 without PEM lines'],
  ] as const) {
    test(`${format}: ${note ?? 'nothing'} is noted`, () => {
      const written = writtenKeys(ec).find((candidate) => candidate.format === format)
      assert.ok(written !== undefined)
      assert.deepEqual(parsed(written.bytes).notes, note === undefined ? [] : [note])
    })
  }
})

test('indented text outside the block is nobody’s damage', () => {
  assert.deepEqual(parsed(`Bag Attributes\n    friendlyName: x\n${pemOf(ec, 'pkcs8')}`).notes, [])
})

suite('certificates in a bundle', () => {
  const root = ALGORITHMS.ES256.generate()
  const leaf = aCertificate({ subject: 'leaf', key: ec, issuer: 'root', issuerKey: root })
  const ca = aCertificate({ subject: 'root', key: root, issuer: 'root', issuerKey: root })
  const stranger = aCertificate({ subject: 'stranger', key: rsa, issuer: 'root', issuerKey: root })
  const pems = {
    key: pemOf(ec, 'pkcs8'),
    leaf: leaf.toString(),
    ca: ca.toString(),
    stranger: stranger.toString(),
  }

  for (const order of [
    ['key', 'leaf', 'ca'],
    ['leaf', 'ca', 'key'],
    ['stranger', 'ca', 'key', 'leaf'],
  ] as const) {
    test(`in the order ${order.join(', ')} come leaf first, without strangers`, () => {
      const file = parsed(order.map((name) => pems[name]).join(''))
      assert.equal(file.kind, 'keys')
      assert.deepEqual(
        onlyKeys(file)[0]?.certificates.map(({ subject }) => subject),
        ['CN=leaf', 'CN=root'],
      )
    })
  }

  test('that hold another key are left out', () => {
    assert.deepEqual(onlyKeys(parsed(pems.key + pems.stranger + pems.ca))[0]?.certificates, [])
  })

  test('of a JWK come with it', () => {
    const jwk = { ...ec.export({ format: 'jwk' }), x5c: [leaf, ca].map(({ raw }) => raw.toString('base64')) }
    assert.equal(onlyKeys(parsed(JSON.stringify(jwk)))[0]?.certificates.length, 2)
  })
})

suite('what cannot be a key is refused by name, with the way out', () => {
  const certificate = aCertificate({ subject: 'x', key: ec, issuer: 'x', issuerKey: ec })
  const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const rsaPublic = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  const pem = pemOf(ec, 'pkcs8')
  const locked = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE }
  const pfx = der(
    0x30,
    der(0x02, Buffer.from([3])),
    der(0x30, der(0x06, Buffer.from('2a864886f70d010701', 'hex'))),
  )

  const refused: readonly (readonly [
    what: string,
    bytes: string | Uint8Array,
    says: RegExp,
    hint: RegExp,
  ])[] = [
    ['an empty file', '', /is empty/, /Check that the secret is mounted/],
    ['a file of white space', ' \r\n\t', /is empty/, /mounted/],
    ['a certificate', certificate.toString(), /a certificate without its private key/, /tls\.key/],
    ['a certificate in DER', certificate.raw, /a certificate without its private key/, /tls\.key/],
    ['a public key', publicKey.export({ format: 'pem', type: 'spki' }), /public key/, /openssl genpkey/],
    [
      'a public key in DER',
      publicKey.export({ format: 'der', type: 'spki' }),
      /public key/,
      /openssl genpkey/,
    ],
    [
      'a PKCS#1 public key',
      rsaPublic.export({ format: 'pem', type: 'pkcs1' }),
      /public key/,
      /openssl genpkey/,
    ],
    [
      'a PKCS#1 public key in DER',
      rsaPublic.export({ format: 'der', type: 'pkcs1' }),
      /public key/,
      /openssl/,
    ],
    ['a public JWK', JSON.stringify(publicKey.export({ format: 'jwk' })), /public key/, /openssl genpkey/],
    ['an OpenSSH public key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE me', /public key/, /openssl genpkey/],
    [
      'PKCS#12',
      pfx,
      /PKCS#12 \(\.p12, \.pfx\)/,
      /openssl pkcs12 -in a\/tls\.key -nocerts -nodes -out key\.pem/,
    ],
    [
      'an OpenSSH private key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      /an OpenSSH private key/,
      /ssh-keygen -p -N '' -m pkcs8 -f a\/tls\.key/,
    ],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\r\n', /PuTTY/, /puttygen a\/tls\.key/],
    ['a Java keystore', Buffer.from('feedfeed00000002', 'hex'), /Java keystore/, /keytool -importkeystore/],
    [
      'a PGP key',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----',
      /PGP/,
      /Mount/,
    ],
    [
      'encrypted PEM',
      ec.export({ format: 'pem', type: 'pkcs8', ...locked }),
      /no passphrase/,
      /passphrasePath/,
    ],
    [
      'encrypted DER',
      ec.export({ format: 'der', type: 'pkcs8', ...locked }),
      /no passphrase/,
      /openssl pkey/,
    ],
    [
      'legacy encrypted PEM',
      ec.export({ format: 'pem', type: 'sec1', ...locked }),
      /no passphrase/,
      /passphrasePath/,
    ],
    ['a PEM cut off', pem.slice(0, 100), /a damaged PEM file/, /-----BEGIN to -----END/],
    ['a PEM with a hole', pem.replace(/\n.{20}/, '\n'), /a damaged PEM file/, /openssl pkey/],
    ['a PEM with a wrong letter', pem.replace('M', '!'), /a damaged PEM file/, /openssl pkey/],
    ['text that only begins like a PEM', '-----BEGIN', /a damaged PEM file/, /openssl pkey/],
    [
      'PEM of something else',
      pem.replaceAll('PRIVATE KEY', 'CERTIFICATE REQUEST'),
      /PEM, but holds no private key/,
      /Mount/,
    ],
    ['DER cut short', truncatedDer(ec), /DER, but no kind of private key/, /openssl asn1parse/],
    ['other JSON', '{"secret":"x"}', /is JSON, but neither a JWK/, /Mount the key alone/],
    ['broken JSON', '{"kty":"EC"', /is JSON, but neither a JWK/, /Mount the key alone/],
    ['an incomplete JWK', '{"kty":"EC","crv":"P-256","d":"AA"}', /incomplete or wrong/, /kty and d/],
    ['an empty oct JWK', '{"kty":"oct","k":""}', /incomplete or wrong/, /has k/],
    ['an empty JWK Set', '{"keys":[]}', /is JSON, but neither/, /Mount the key alone/],
  ]
  for (const [what, bytes, says, hint] of refused) {
    test(what, () => {
      assert.throws(() => parsed(bytes), { code: 'KEY_INVALID', message: says, hint })
    })
  }

  test('a wrong passphrase is told apart from none', () => {
    const pem = ec.export({ format: 'pem', type: 'pkcs8', ...locked })
    assert.throws(() => parsed(pem, 'wrong'), {
      code: 'KEY_INVALID',
      message: 'The key file "a/tls.key" is encrypted, and the passphrase given does not open it.',
    })
  })

  test('no message, hint or cause repeats what is in the file', () => {
    for (const [what, bytes] of refused) {
      const text = Buffer.from(bytes).toString('latin1')
      const secrets = text.match(/[A-Za-z0-9+/_-]{24,}/g) ?? []
      assert.throws(
        () => parsed(bytes),
        (error: Error & { hint?: string }) => {
          const told = `${error.message} ${error.hint} ${String(error.cause)}`
          return secrets.every((secret) => !told.includes(secret)) || assert.fail(what)
        },
      )
    }
  })
})

test('a short secret that happens to be DER is still a secret', () => {
  const secret = Buffer.concat([Buffer.from([0x30, 30, 0x02, 28]), Buffer.alloc(28, 7)])
  assert.equal(parsed(secret).kind, 'secret')
})

test('a text that is nothing else is a secret, byte for byte', () => {
  const file = parsed('s3cret\\n\r\n')
  assert.equal(file.kind, 'secret')
  assert.equal(file.kind === 'secret' && Buffer.from(file.bytes).toString(), 's3cret\\n\r\n')
})

function parsed(bytes: string | Uint8Array, passphrase?: string): KeyFile {
  return parseKeyFile(
    { path: '/secrets/a/tls.key', name: 'a/tls.key', bytes: Buffer.from(bytes) },
    { passphrase: passphrase === undefined ? undefined : Buffer.from(passphrase) },
  )
}

function onlyKeys(file: KeyFile) {
  return file.kind === 'keys' ? file.keys : []
}

/** The outer length made true again, so that only what is inside is missing. */
function truncatedDer(key: KeyObject): Uint8Array {
  const whole = key.export({ format: 'der', type: 'pkcs8' })
  return der(0x30, whole.subarray(3, whole.length - 30))
}
