import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { aPair, RECORDED_AT } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

type Alg = 'RS256' | 'ES256' | 'ES384'

const STAGING = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
} as const satisfies Readonly<Record<Alg, unknown>>

const PROOFS = {
  x5c: ['c3RhZ2luZw=='],
  x5t: 'c3RhZ2luZw',
  'x5t#S256': 'c3RhZ2luZw',
  x5u: 'https://staging.example.com/cert.pem',
  jku: 'https://staging.example.com/.well-known/jwks',
  jwk: { kty: 'oct', k: 'c3RhZ2luZw' },
}

function pairsOf(alg: Alg) {
  const { privateKey, publicKey } = STAGING[alg]
  const iat = RECORDED_AT / 1000
  const claims = { iss: 'https://idp', sub: 'ann', iat, exp: iat + 300 }
  const header = { alg, ...PROOFS }
  const token = jsonwebtoken.sign(claims, privateKey, { algorithm: alg, keyid: 'k1', header })
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg, use: 'sig' }]
  return [
    aPair({
      id: 1,
      request: { method: 'POST', target: '/token' },
      response: { body: JSON.stringify({ access_token: token }) },
    }),
    aPair({
      id: 2,
      request: { target: '/.well-known/jwks' },
      response: { body: JSON.stringify({ keys }) },
    }),
  ]
}

/** The token that a replay gives under `proofs`, and where it serves. */
async function served(t: TestContext, alg: Alg, proofs: string, publishes = true) {
  const keys = '  - { filters: { path: /.well-known/jwks }, extractor: http_res_body, transforms: [jwks] }\n'
  const yaml = `responder:
  - filters: { path: /token }
    extractor: http_res_body
    transforms: [json_path: access_token, jwt_resign: { proofs: ${proofs} }]
${publishes ? keys : ''}`
  const replaying = await aReplay(t, await aSnapshot(t, pairsOf(alg)), yaml)
  const url = replaying.urls[0] ?? ''
  const ask = async (): Promise<string> => {
    const body: unknown = await (await fetch(`${url}/token`, { method: 'POST' })).json()
    assert.ok(typeof body === 'object' && body !== null && 'access_token' in body)
    return String(body.access_token)
  }
  return { url, ask, token: await ask() }
}

suite('proofs: reissue', () => {
  for (const alg of ['RS256', 'ES256', 'ES384'] as const) {
    test(`gives a token of ${alg} a certificate that verifies it, and leads to the replay's JWKS`, async (t) => {
      const { url, token } = await served(t, alg, 'reissue')
      const { x5c = [], x5t, 'x5t#S256': sha256, x5u, jku = '', jwk } = proofsOf(token)
      assert.equal(x5c.length, 1)
      const certificate = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'))
      assert.ok(certificate.verify(certificate.publicKey), 'it is signed by its own key')
      assert.ok(
        Date.parse(certificate.validTo) > Date.now() && Date.parse(certificate.validFrom) < Date.now(),
      )
      jsonwebtoken.verify(token, certificate.publicKey, { algorithms: [alg] })
      assert.equal(x5t, digestOf(certificate.fingerprint))
      assert.equal(sha256, digestOf(certificate.fingerprint256))
      assert.equal(x5u, undefined)
      assert.deepEqual(certificate.publicKey.export({ format: 'jwk' }), jwk)
      assert.equal(jku, `${url}/.well-known/jwks`)
      const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jku)))
      assert.equal(payload.sub, 'ann')
    })
  }

  test('names each client the address by which it reached the replay, and the certificate stays', async (t) => {
    const { url, token, ask } = await served(t, 'ES256', 'reissue')
    const other = url.replace('127.0.0.1', 'localhost')
    const response: unknown = await (await fetch(`${other}/token`, { method: 'POST' })).json()
    const elsewhere = String(Object(response).access_token)
    assert.equal(proofsOf(elsewhere).jku, `${other}/.well-known/jwks`)
    assert.deepEqual(proofsOf(await ask()).x5c, proofsOf(token).x5c)
  })

  test('leaves jku out where no chain publishes the key', async (t) => {
    const { token } = await served(t, 'ES256', 'reissue', false)
    assert.equal(proofsOf(token).jku, undefined)
    assert.equal(proofsOf(token).x5c?.length, 1)
  })
})

suite('proofs', () => {
  test('are left out by default', async (t) => {
    const { token } = await served(t, 'ES256', 'drop')
    assert.deepEqual(Object.keys(decodeProtectedHeader(token)), ['alg', 'typ', 'kid'])
  })

  test('have a rule by name', async (t) => {
    const { token } = await served(t, 'ES256', '{ x5u: keep, jku: keep, x5t: reissue }')
    const { x5u, jku, x5t, x5c } = proofsOf(token)
    assert.deepEqual([x5u, jku, x5c], [PROOFS.x5u, PROOFS.jku, undefined])
    assert.match(x5t ?? '', /^[\w-]{27}$/)
    assert.notEqual(x5t, PROOFS.x5t)
  })
})

interface Proofs {
  readonly x5c?: readonly string[]
  readonly x5t?: string
  readonly 'x5t#S256'?: string
  readonly x5u?: string
  readonly jku?: string
  readonly jwk?: unknown
}

function proofsOf(token: string): Proofs {
  const { x5c, x5t, x5u, jku, jwk, 'x5t#S256': sha256 } = decodeProtectedHeader(token)
  return {
    ...(x5c === undefined ? {} : { x5c }),
    ...(x5t === undefined ? {} : { x5t }),
    ...(typeof sha256 === 'string' ? { 'x5t#S256': sha256 } : {}),
    ...(x5u === undefined ? {} : { x5u }),
    ...(jku === undefined ? {} : { jku }),
    ...(jwk === undefined ? {} : { jwk }),
  }
}

function digestOf(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url')
}
