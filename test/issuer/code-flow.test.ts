import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  anIssuer,
  assertRefused,
  aVerifier,
  bearer,
  BEGIN,
  headOf,
  ISSUER,
  redirected,
} from './support/an-issuer.ts'
import { aCode, authorizeTarget, CALLBACK, codeTokens, redeem, refresh, s256 } from './support/code-flow.ts'

const ALICE = { sub: 'u1', username: 'alice', email: 'alice@example.com', claims: { roles: ['admin'] } }
const AUTO = { login: 'auto' as const, users: [ALICE, { username: 'bob' }] }

suite('the authorization code flow', () => {
  test('gives an access token, an ID token and a refresh token', async () => {
    const test = await anIssuer(AUTO)
    const answer = redirected(await test.get(authorizeTarget({ nonce: 'n0', scope: 'openid email' })))
    assert.equal(answer.to, CALLBACK)
    const { code = '', ...more } = Object.fromEntries(answer.parameters)
    assert.deepEqual(more, { state: 'st4te', iss: ISSUER })
    test.pass(2)
    const { json } = await redeem(test, code)
    const { access_token: access, id_token: id, refresh_token: _, ...rest } = json
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 300, scope: 'openid email' })
    assert.deepEqual(test.verified(id, { audience: 'app', issuer: ISSUER, nonce: 'n0' }), {
      iss: ISSUER,
      sub: 'u1',
      aud: 'app',
      iat: BEGIN + 2,
      exp: BEGIN + 302,
      auth_time: BEGIN,
      nonce: 'n0',
      at_hash: leftHalf(access),
      email: 'alice@example.com',
      roles: ['admin'],
    })
    assert.equal(headOf(id)['typ'], 'JWT')
    const { jti: _jti, ...claims } = test.verified(access)
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: 'u1',
      aud: ISSUER,
      client_id: 'app',
      scope: 'openid email',
      auth_time: BEGIN,
      iat: BEGIN + 2,
      exp: BEGIN + 302,
      roles: ['admin'],
    })
  })

  test('gives no ID token without the scope openid', async () => {
    const test = await anIssuer(AUTO)
    assert.equal('id_token' in (await codeTokens(test, { scope: 'read' })), false)
  })

  test('redeems a code once; the second time all that it gave is revoked', async () => {
    const test = await anIssuer(AUTO)
    const code = await aCode(test)
    const { json } = await redeem(test, code)
    assert.equal((await test.get('/userinfo', [bearer(json['access_token'])])).status, 200)
    assertRefused(await redeem(test, code), 400, 'invalid_grant')
    assert.equal((await test.get('/userinfo', [bearer(json['access_token'])])).status, 401)
    assertRefused(await refresh(test, json['refresh_token']), 400, 'invalid_grant')
  })

  test('redeems a code of two requests at once only for one of them', async () => {
    const test = await anIssuer(AUTO)
    const code = await aCode(test)
    const answers = await Promise.all([redeem(test, code), redeem(test, code)])
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 400],
    )
  })

  test('refuses a code that is unknown, old, of another client, or from another redirect_uri', async () => {
    const test = await anIssuer(AUTO)
    assertRefused(await redeem(test, 'nonsense'), 400, 'invalid_grant')
    const code = await aCode(test)
    assertRefused(await redeem(test, code, { client_id: 'other' }), 400, 'invalid_grant')
    assertRefused(await redeem(test, code, { redirect_uri: `${CALLBACK}/` }), 400, 'invalid_grant')
    assertRefused(await redeem(test, code, { redirect_uri: '' }), 400, 'invalid_grant')
    test.pass(301)
    assertRefused(await redeem(test, code), 400, 'invalid_grant')
  })

  test('logs in the user of the login_hint where login is auto', async () => {
    const test = await anIssuer(AUTO)
    const hinted = await codeTokens(test, { login_hint: 'bob' })
    assert.equal(test.verified(hinted['id_token'])['sub'], 'bob')
    const { parameters } = redirected(await test.get(authorizeTarget({ login_hint: 'carol' })))
    assert.equal(parameters.get('error'), 'login_required')
  })
})

suite('PKCE', () => {
  const verifier = aVerifier()
  const cases: readonly (readonly [string, Record<string, string>])[] = [
    ['S256', { code_challenge: s256(verifier), code_challenge_method: 'S256' }],
    ['plain', { code_challenge: verifier, code_challenge_method: 'plain' }],
    ['plain, which is the default', { code_challenge: verifier }],
  ]
  for (const [name, challenge] of cases) {
    test(`demands the verifier of ${name}`, async () => {
      const test = await anIssuer(AUTO)
      const code = await aCode(test, challenge)
      assertRefused(await redeem(test, code), 400, 'invalid_grant')
      assertRefused(await redeem(test, code, { code_verifier: aVerifier() }), 400, 'invalid_grant')
      assert.equal((await redeem(test, code, { code_verifier: verifier })).status, 200)
    })
  }

  test('does not take the challenge for the verifier of S256', async () => {
    const test = await anIssuer(AUTO)
    const code = await aCode(test, { code_challenge: s256(verifier), code_challenge_method: 'S256' })
    assertRefused(await redeem(test, code, { code_verifier: s256(verifier) }), 400, 'invalid_grant')
  })

  test('refuses a verifier where no challenge was announced (RFC 9700 §4.8.2)', async () => {
    const test = await anIssuer(AUTO)
    assertRefused(await redeem(test, await aCode(test), { code_verifier: verifier }), 400, 'invalid_grant')
  })

  test('refuses challenges that cannot be', async () => {
    const { get } = await anIssuer(AUTO)
    for (const challenge of [
      { code_challenge: 'short' },
      { code_challenge: `${verifier}!` },
      { code_challenge: verifier, code_challenge_method: 's256' },
      { code_challenge_method: 'S256' },
    ]) {
      const { parameters } = redirected(await get(authorizeTarget(challenge)))
      assert.equal(parameters.get('error'), 'invalid_request')
    }
  })
})

suite('a refresh token', () => {
  test('is exchanged for another one, with an ID token that has the old auth_time and no nonce', async () => {
    const test = await anIssuer(AUTO)
    const first = await codeTokens(test, { nonce: 'n0' })
    test.pass(100)
    const { json } = await refresh(test, first['refresh_token'])
    assert.notEqual(json['refresh_token'], first['refresh_token'])
    const claims = test.verified(json['id_token'])
    assert.deepEqual([claims['auth_time'], claims['iat'], 'nonce' in claims], [BEGIN, BEGIN + 100, false])
    assert.equal(claims['at_hash'], leftHalf(json['access_token']))
  })

  test('that comes back after it was exchanged ends the whole family', async () => {
    const test = await anIssuer(AUTO)
    const first = await codeTokens(test)
    const second = (await refresh(test, first['refresh_token'])).json
    assertRefused(await refresh(test, first['refresh_token']), 400, 'invalid_grant')
    assertRefused(await refresh(test, second['refresh_token']), 400, 'invalid_grant')
    assert.equal((await test.get('/userinfo', [bearer(second['access_token'])])).status, 401)
  })

  test('gives less scope, never more, and the next one has the first scope again', async () => {
    const test = await anIssuer(AUTO)
    const first = await codeTokens(test, { scope: 'openid a b' })
    const refused = await refresh(test, first['refresh_token'], { scope: 'openid c' })
    assertRefused(refused, 400, 'invalid_scope')
    const less = (await refresh(test, first['refresh_token'], { scope: 'a' })).json
    assert.deepEqual([less['scope'], 'id_token' in less], ['a', false])
    assert.equal((await refresh(test, less['refresh_token'])).json['scope'], 'openid a b')
  })

  test('is refused to other clients, when it is over, and when it is unknown', async () => {
    const test = await anIssuer({ ...AUTO, refreshTokenSeconds: 1000 })
    const { refresh_token: token } = await codeTokens(test)
    assertRefused(await refresh(test, token, { client_id: 'other' }), 400, 'invalid_grant')
    assertRefused(await refresh(test, 'nonsense'), 400, 'invalid_grant')
    test.pass(1000)
    assertRefused(await refresh(test, token), 400, 'invalid_grant')
  })
})

suite('implicit and hybrid flows', () => {
  test('answer in the fragment, with at_hash and c_hash of what travels beside the ID token', async () => {
    const test = await anIssuer(AUTO)
    const target = authorizeTarget({ response_type: 'code id_token token', nonce: 'n0' })
    const location = (await test.get(target)).header('location') ?? ''
    assert.ok(location.startsWith(`${CALLBACK}#`), location)
    const parameters = Object.fromEntries(new URLSearchParams(location.split('#')[1]))
    assert.deepEqual(Object.keys(parameters), [
      'code',
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'id_token',
      'state',
      'iss',
    ])
    const claims = test.verified(parameters['id_token'], { nonce: 'n0' })
    assert.deepEqual(
      [claims['at_hash'], claims['c_hash']],
      [leftHalf(parameters['access_token']), leftHalf(parameters['code'])],
    )
    assert.equal((await redeem(test, parameters['code'] ?? '')).status, 200)
  })

  test('answer an id_token alone without at_hash', async () => {
    const test = await anIssuer(AUTO)
    const answer = await test.get(authorizeTarget({ response_type: 'id_token', nonce: 'n' }))
    const claims = test.verified(redirected(answer).parameters.get('id_token'))
    assert.equal('at_hash' in claims || 'c_hash' in claims, false)
  })

  test('never send tokens in the query, and demand a nonce', async () => {
    const { get } = await anIssuer(AUTO)
    const inQuery = authorizeTarget({ response_type: 'token', response_mode: 'query' })
    const location = (await get(inQuery)).header('location') ?? ''
    assert.match(location, /#error=invalid_request/)
    const noNonce = redirected(await get(authorizeTarget({ response_type: 'code id_token' })))
    assert.equal(noNonce.parameters.get('error'), 'invalid_request')
  })

  test('hash with the hash of the ID token’s alg', async () => {
    const test = await anIssuer(AUTO, { alg: 'EdDSA' })
    const { access_token: access, id_token: id } = await codeTokens(test)
    const payload = JSON.parse(Buffer.from(String(id).split('.')[1] ?? '', 'base64url').toString())
    const hash = createHash('sha512').update(String(access)).digest().subarray(0, 32)
    assert.equal(payload.at_hash, hash.toString('base64url'))
  })
})

suite('pushed authorization requests', () => {
  const request = { client_id: 'app', response_type: 'code', redirect_uri: CALLBACK, scope: 'openid' }

  test('are answered once by their URI, for their client only', async () => {
    const test = await anIssuer(AUTO)
    const pushed = await test.post('/par', request)
    assert.equal(pushed.status, 201)
    const { request_uri: uri, expires_in: seconds } = pushed.json
    assert.match(String(uri), /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/)
    assert.equal(seconds, 90)
    const target = (id: string): string =>
      `/authorize?${new URLSearchParams({ client_id: id, request_uri: String(uri) }).toString()}`
    assert.equal((await test.get(target('other'))).status, 400)
    const { to, parameters } = redirected(await test.get(target('app')))
    assert.equal(to, CALLBACK)
    assert.equal((await redeem(test, parameters.get('code') ?? '')).status, 200)
    assert.equal((await test.get(target('app'))).status, 400)
  })

  test('are refused like the endpoint would, as JSON', async () => {
    const { post } = await anIssuer({ clients: [{ clientId: 'app', redirectUris: [CALLBACK] }] })
    const wrong: readonly (readonly [Record<string, string>, number, string])[] = [
      [{ redirect_uri: 'https://evil.example' }, 400, 'invalid_request'],
      [{ response_type: 'magic' }, 400, 'unsupported_response_type'],
      [{ request_uri: 'urn:x' }, 400, 'invalid_request'],
      [{ client_id: 'nobody' }, 401, 'invalid_client'],
    ]
    for (const [change, status, error] of wrong) {
      assertRefused(await post('/par', { ...request, ...change }), status, error)
    }
  })

  test('are forgotten after 90 seconds', async () => {
    const { post, get, pass } = await anIssuer(AUTO)
    const { request_uri: uri } = (await post('/par', request)).json
    pass(90)
    const query = new URLSearchParams({ client_id: 'app', request_uri: String(uri) })
    const answer = await get(`/authorize?${query.toString()}`)
    assert.deepEqual([answer.status, answer.header('location')], [400, undefined])
  })
})

function leftHalf(value: unknown): string {
  return createHash('sha256').update(String(value)).digest().subarray(0, 16).toString('base64url')
}
