import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import * as oauth from 'oauth4webapi'
import type { RRPair } from '../../src/core/pair.ts'
import { aPair, RECORDED_AT } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

const AT = RECORDED_AT / 1000
const recordedToken = jsonwebtoken.sign(
  { iss: 'https://idp', sub: 'ann', aud: 'api', iat: AT, exp: AT + 300 },
  's'.repeat(32),
)

/** A login, and calls with the token that it gave: let in, refused, and one without. */
const recorded = (): readonly RRPair[] => {
  const bearer = ['Authorization', `Bearer ${recordedToken}`] as const
  const refused = {
    status: 401,
    headers: [['WWW-Authenticate', 'Bearer realm="staging"'] as const],
    body: '',
  }
  return [
    aPair({
      id: 1,
      request: { method: 'POST', target: '/login' },
      response: { body: JSON.stringify({ access_token: recordedToken }) },
    }),
    aPair({ id: 2, request: { target: '/me', headers: [bearer] } }),
    aPair({ id: 3, request: { target: '/admin', headers: [bearer] }, response: refused }),
    aPair({ id: 4, request: { target: '/public' } }),
  ]
}

const YAML = `match: { authorize: true, sequence: once }
responder:
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, jwt_resign: { secretPath: idp/hs.key }]
`

async function challenge(
  url: string,
  path: string,
  token: string,
): Promise<readonly [string | undefined, string | undefined]> {
  try {
    await oauth.protectedResourceRequest(token, 'GET', new URL(path, url), undefined, undefined, {
      [oauth.allowInsecureRequests]: true,
    })
  } catch (error) {
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
    assert.equal(error.status, 401)
    const [{ scheme, parameters } = { scheme: '', parameters: {} }] = error.cause
    assert.equal(scheme, 'bearer')
    return [parameters.error, parameters.error_description]
  }
  return ['accepted', undefined]
}

test('a mounted key that signed the recording too is trusted under the kid by which its JWKS is served, and no other key of it', async (t) => {
  const [own, other] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  assert.ok(own !== undefined && other !== undefined)
  const signed = (key: KeyObject, kid: string, exp: number): string =>
    jsonwebtoken.sign({ iss: 'https://idp', sub: 'ann', aud: 'api', exp }, key, {
      algorithm: 'ES256',
      keyid: kid,
    })
  const then = signed(own.privateKey, 'k1', AT + 300)
  const keys = [
    { ...own.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' },
    { ...other.publicKey.export({ format: 'jwk' }), kid: 'k2', use: 'sig' },
  ]
  const directory = await aSnapshot(t, [
    aPair({
      id: 1,
      request: { method: 'POST', target: '/login' },
      response: { body: JSON.stringify({ access_token: then }) },
    }),
    aPair({ id: 2, request: { target: '/jwks' }, response: { body: JSON.stringify({ keys }) } }),
    aPair({ id: 3, request: { target: '/me', headers: [['Authorization', `Bearer ${then}`]] } }),
  ])
  mkdirSync(`${directory}/secrets/idp`, { recursive: true, mode: 0o700 })
  const pem = own.privateKey.export({ format: 'pem', type: 'pkcs8' })
  writeFileSync(`${directory}/secrets/idp/tls.key`, pem, { mode: 0o600 })
  const { urls } = await aReplay(
    t,
    directory,
    `match: { authorize: true }
responder:
  - filters: { path: /login }
    extractor: http_res_body
    transforms: [{ json_path: access_token }, jwt_resign: { secretPath: idp/tls.key }]
  - filters: { path: /jwks }
    extractor: http_res_body
    transforms: [jwks]
`,
  )
  const [url = ''] = urls
  const served = (await (await fetch(`${url}/jwks`)).json()) as { keys: { kid: string; x: string }[] }
  assert.deepEqual(
    served.keys.map(({ kid, x }) => [kid, x]),
    keys.map(({ kid, x }) => [kid, x]),
  )
  const soon = Math.floor(Date.now() / 1000) + 60
  const untrusted = ['invalid_token', 'The token was signed by no key that is trusted here']
  assert.deepEqual(await challenge(url, '/me', signed(own.privateKey, 'k1', soon)), ['accepted', undefined])
  assert.deepEqual(await challenge(url, '/me', signed(own.privateKey, 'k9', soon)), untrusted)
  assert.deepEqual(await challenge(url, '/me', signed(other.privateKey, 'k2', soon)), untrusted)
})

test('bearer tokens are verified against the keys that re-sign, and refused as RFC 6750 has it', async (t) => {
  const directory = await aSnapshot(t, recorded())
  const secret = 'k'.repeat(40)
  mkdirSync(`${directory}/secrets/idp`, { recursive: true, mode: 0o700 })
  writeFileSync(`${directory}/secrets/idp/hs.key`, secret, { mode: 0o600 })
  const { urls } = await aReplay(t, directory, YAML)
  const [url = ''] = urls
  const login = (await (await fetch(`${url}/login`, { method: 'POST' })).json()) as { access_token: string }
  const now = Math.floor(Date.now() / 1000)
  const signed = (claims: object, key = secret): string =>
    jsonwebtoken.sign({ iss: 'https://idp', sub: 'ann', aud: 'api', iat: now - 10, ...claims }, key)

  const refusals = {
    malformed: ['no.jwt.this', 'The token is malformed'],
    'of an unknown key': [
      signed({ exp: now + 60 }, 'x'.repeat(40)),
      'The token was signed by no key that is trusted here',
    ],
    'as recorded': [recordedToken, 'The token was signed by no key that is trusted here'],
    expired: [signed({ exp: now - 1 }), 'The token expired'],
    'too early': [signed({ exp: now + 600, nbf: now + 300 }), 'The token is not valid yet'],
    'for another audience': [signed({ exp: now + 60, aud: 'other' }), 'The token is for another audience'],
    unsigned: [
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"aud":"api"}').toString('base64url')}.`,
      'The token was signed by no key that is trusted here',
    ],
  } as const
  for (const [what, [token, description]] of Object.entries(refusals)) {
    assert.deepEqual(await challenge(url, '/me', token), ['invalid_token', description], what)
  }
  const without = await fetch(`${url}/me`)
  assert.deepEqual([without.status, without.headers.get('www-authenticate')], [401, 'Bearer'])

  // What was recorded as refused is answered so, and what asked for no token still does not.
  const staging = await fetch(`${url}/admin`, { headers: { authorization: `Bearer ${login.access_token}` } })
  assert.deepEqual([staging.status, staging.headers.get('www-authenticate')], [401, 'Bearer realm="staging"'])
  assert.equal((await fetch(`${url}/public`)).status, 200)
  // Refusals have used up nothing: the only answer is still there, once.
  assert.deepEqual(await challenge(url, '/me', login.access_token), ['accepted', undefined])
})
