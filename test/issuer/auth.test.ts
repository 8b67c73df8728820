import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { createPublicKey } from 'node:crypto'
import {
  anIssuer,
  assertRefused,
  BEGIN,
  claimsIn,
  headOf,
  ISSUER,
  refusedSentence,
} from './support/an-issuer.ts'
import { TAMPERS } from '../../src/issuer/tampers.ts'

suite('POST /auth', () => {
  test('mints a token of default claims without a body', async () => {
    const { post, verified, ring } = await anIssuer()
    const answer = await post('/auth', '')
    assert.deepEqual([answer.status, Object.keys(answer.json)], [200, ['token']])
    assert.equal(answer.header('cache-control'), 'no-store')
    const { token } = answer.json
    assert.deepEqual(headOf(token), { alg: 'ES256', typ: 'JWT', kid: ring.signer(BEGIN).kid })
    const { jti: _, ...claims } = verified(token)
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: 'test-user',
      aud: ISSUER,
      client_id: 'test-client',
      iat: BEGIN,
      exp: BEGIN + 300,
    })
  })

  test('mints the claims it is given, byte for byte, and adds iss, iat and exp where they are missing', async () => {
    const { post } = await anIssuer()
    const given = '{ "sub":"é", "id":12345678901234567890, "x":1.0, "a":[ ] }'
    const payload = payloadOf((await post('/auth', given)).json['token'])
    assert.equal(
      payload,
      `{ "sub":"é", "id":12345678901234567890, "x":1.0, "a":[ ],"iss":"${ISSUER}","iat":${BEGIN},"exp":${BEGIN + 300} }`,
    )
    const own = '{"iss":"x","iat":1,"exp":"soon"}'
    assert.equal(payloadOf((await post('/auth?expired=false', own)).json['token']), own)
  })

  test('leaves every byte that is not wrong on purpose, whatever the way to be wrong', async () => {
    const { post } = await anIssuer()
    const given = '{ "sub":"a", "id":12345678901234567890, "x":1.0, "exp": 99999999999 }'
    for (const tamper of Object.keys(TAMPERS)) {
      const { token } = (await post(`/auth?raw=true&tamper=${tamper}`, given)).json
      assert.match(payloadOf(token), /"id":12345678901234567890, "x":1\.0, "exp": /, tamper)
    }
  })

  test('adds nothing at all with raw=true', async () => {
    const { post } = await anIssuer()
    const quoted = JSON.stringify({ a: `\\"${'['.repeat(100)}`, b: '\\', c: '{' })
    for (const given of [quoted, '{}', '{"a": 1e400,\n"b":-0}', '{"sub":"a","sub":"b"}']) {
      assert.equal(payloadOf((await post('/auth?raw=true', given)).json['token']), given)
    }
  })

  test('signs with an expired key and an expired exp with expired=true', async () => {
    const { post, ring, pass } = await anIssuer()
    const old = ring.signer(BEGIN)
    await ring.rotate(BEGIN)
    pass(61)
    const { token } = (await post('/auth?expired=true', '{"sub":"a"}')).json
    assert.equal(headOf(token)['kid'], old.kid)
    const now = BEGIN + 61
    assert.deepEqual(claimsIn(token), { sub: 'a', iss: ISSUER, iat: now - 3900, exp: now - 3600 })
    const key = createPublicKey({ key: { ...old.key.publicJwk }, format: 'jwk' })
    assert.throws(() => jsonwebtoken.verify(String(token), key, { clockTimestamp: now }), /jwt expired/)
    jsonwebtoken.verify(String(token), key, { clockTimestamp: now, ignoreExpiration: true })
  })

  test('says that there is no suitable key where none has expired', async () => {
    const { post } = await anIssuer()
    refusedSentence(await post('/auth?expired=true', ''), 'No suitable key found')
  })

  for (const value of ['', 'TRUE', '1', 'yes', 'true%20', 'falsetrue']) {
    test(`refuses expired=${value}`, async () => {
      const { post } = await anIssuer()
      refusedSentence(
        await post(`/auth?expired=${value}`, ''),
        "Invalid 'expired' query parameter. Must be 'true' or 'false'.",
      )
    })
  }

  test('makes a token wrong on request, and says which ways there are', async () => {
    const { post } = await anIssuer()
    assert.equal(headOf((await post('/auth?tamper=algNone', '{}')).json['token'])['alg'], 'none')
    refusedSentence(
      await post('/auth?tamper=magic', ''),
      `Invalid 'tamper' query parameter. Must be one of ${Object.keys(TAMPERS).join(', ')}.`,
    )
    const hs = await anIssuer({}, { alg: 'HS256' })
    assert.equal((await hs.post('/auth?tamper=hsWithPublicKey', '')).status, 400)
  })

  const wrong = [
    '[]',
    '1',
    '"a"',
    'null',
    '{',
    '{"a":1}x',
    '{"a":',
    '{"a"}',
    "{'a':1}",
    '\u0000',
    '{"a":1,}',
    'a=b',
  ]
  for (const body of wrong) {
    test(`refuses a body that is no JSON object: ${JSON.stringify(body)}`, async () => {
      const { post } = await anIssuer()
      assertRefused(await post('/auth', body), 400, 'invalid_request')
    })
  }
})

suite('POST /auth/login', () => {
  const users = [{ email: 'a@example.com', password: 'pw', claims: { role: 'admin' } }]
  const login = (email: unknown, password: unknown): string => JSON.stringify({ email, password })

  test('gives tokens for email and password', async () => {
    const { post, verified } = await anIssuer({ users })
    const { json } = await post('/auth/login', login('a@example.com', 'pw'))
    assert.deepEqual(Object.keys(json), ['access_token', 'refresh_token', 'token_type', 'expires_in'])
    assert.deepEqual([json['token_type'], json['expires_in']], ['Bearer', 300])
    const { sub, role } = verified(json['access_token'])
    assert.deepEqual([sub, role], ['a@example.com', 'admin'])
    const form = { grant_type: 'refresh_token', client_id: 'test-client' }
    const next = await post('/token', { ...form, refresh_token: String(json['refresh_token']) })
    assert.equal(next.status, 200)
  })

  test('takes any user where none is configured', async () => {
    const { post, verified } = await anIssuer()
    const { json } = await post('/auth/login', login('x@example.com', ''))
    assert.equal(verified(json['access_token'])['sub'], 'x@example.com')
  })

  test('follows users that are added and removed', async () => {
    const { issuer, post } = await anIssuer({ users })
    const status = async (): Promise<number> =>
      (await post('/auth/login', login('b@example.com', 'b'))).status
    assert.equal(await status(), 401)
    issuer.upsertUser({ sub: 'b', email: 'b@example.com', password: 'b' })
    assert.equal(await status(), 200)
    assert.equal(issuer.removeUser('b@example.com'), true)
    assert.equal(await status(), 401)
    assert.deepEqual(issuer.users(), users)
    assert.throws(() => issuer.upsertUser({ password: 'x' }), { code: 'CONFIG_INVALID' })
  })

  test('refuses a wrong password or email with 401, and everything else with 400', async () => {
    const { post } = await anIssuer({ users })
    for (const body of [login('a@example.com', 'x'), login('b@example.com', 'pw')]) {
      assertRefused(await post('/auth/login', body), 401, 'invalid_grant')
    }
    for (const body of [
      '',
      '{}',
      login(1, 'pw'),
      login('a@example.com', null),
      login({}, []),
      login('', 'x'),
    ]) {
      assertRefused(await post('/auth/login', body), 400, 'invalid_request')
    }
  })
})

function payloadOf(token: unknown): string {
  return Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8')
}
