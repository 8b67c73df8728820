import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  anIssuer,
  assertRefused,
  basic,
  bearer,
  BEGIN,
  headOf,
  ISSUER,
  type Answer,
  type TestIssuer,
} from './support/an-issuer.ts'
import { codeTokens, refresh } from './support/code-flow.ts'

const ALICE = {
  sub: 'u1',
  username: 'alice',
  email: 'alice@example.com',
  claims: { name: 'Alice', level: 3 },
}
const SETTINGS = { login: 'auto' as const, users: [ALICE] }
const API = basic('api', 'secret')

for (const accessTokens of ['jwt', 'opaque'] as const) {
  suite(`introspection of ${accessTokens} access tokens`, () => {
    test('tells what the token says', async () => {
      const test = await anIssuer({ ...SETTINGS, accessTokens })
      const { access_token: token } = await codeTokens(test, { scope: 'openid email' })
      const answer = await introspect(test, token)
      assert.equal(answer.header('cache-control'), 'no-store')
      const { jti: _, ...rest } = answer.json
      assert.deepEqual(rest, {
        active: true,
        iss: ISSUER,
        sub: 'u1',
        aud: ISSUER,
        client_id: 'app',
        scope: 'openid email',
        auth_time: BEGIN,
        iat: BEGIN,
        exp: BEGIN + 300,
        level: 3,
        username: 'alice',
        token_type: 'Bearer',
      })
    })

    test('tells nothing of a token that is over, and is live to the second before', async () => {
      const test = await anIssuer({ ...SETTINGS, accessTokens })
      const { access_token: token } = await codeTokens(test)
      test.pass(299)
      assert.equal((await introspect(test, token)).json['active'], true)
      test.pass(1)
      assert.equal((await introspect(test, token)).text, '{"active":false}')
    })

    test('tells nothing of a token that was revoked', async () => {
      const test = await anIssuer({ ...SETTINGS, accessTokens })
      const { access_token: token } = await codeTokens(test)
      const other = (await codeTokens(test))['access_token']
      const revoked = await test.post('/revoke', { client_id: 'app', token: String(token) })
      assert.deepEqual([revoked.status, revoked.text], [200, ''])
      assert.equal((await introspect(test, token)).text, '{"active":false}')
      assert.equal((await introspect(test, other)).json['active'], true)
    })

    test('finds them at userinfo too', async () => {
      const test = await anIssuer({ ...SETTINGS, accessTokens })
      const { access_token: token } = await codeTokens(test)
      assert.deepEqual((await test.get('/userinfo', [bearer(token)])).json, { level: 3, sub: 'u1' })
    })
  })
}

suite('introspection', () => {
  test('answers a signed JWT where the caller accepts it (RFC 9701)', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: token } = await codeTokens(test)
    const type = 'application/token-introspection+jwt'
    const answer = await introspect(test, token, [['Accept', type]])
    assert.equal(answer.header('content-type'), type)
    assert.equal(headOf(answer.text)['typ'], 'token-introspection+jwt')
    const { token_introspection: found, ...claims } = test.verified(answer.text)
    assert.deepEqual(claims, { iss: ISSUER, aud: 'api', iat: BEGIN })
    assert.deepEqual(found, (await introspect(test, token)).json)
    const none = await introspect(test, 'nonsense', [['Accept', `text/html, ${type};q=0.5`]])
    assert.deepEqual(test.verified(none.text)['token_introspection'], { active: false })
  })

  for (const tamper of [
    'wrongSignature',
    'algNone',
    'hsWithPublicKey',
    'unknownKey',
    'duplicateKid',
    'unknownCrit',
    'wrongIssuer',
    'expired',
    'notYetValid',
    'tamperedClaims',
  ] as const) {
    test(`tells nothing of a token that is wrong: ${tamper}`, async () => {
      const test = await anIssuer(SETTINGS)
      assert.equal((await introspect(test, await test.issuer.mint({ tamper }))).text, '{"active":false}')
    })
  }

  test('tells nothing of a token whose key has left the JWKS', async () => {
    const test = await anIssuer(SETTINGS)
    const token = await test.issuer.mint()
    await test.ring.rotate(BEGIN)
    test.pass(1)
    assert.equal((await introspect(test, token)).json['active'], true)
    test.pass(60)
    assert.equal((await introspect(test, token)).text, '{"active":false}')
  })

  test('knows refresh tokens, while they can be used', async () => {
    const test = await anIssuer(SETTINGS)
    const { refresh_token: token } = await codeTokens(test)
    assert.deepEqual((await introspect(test, token)).json, {
      active: true,
      iss: ISSUER,
      sub: 'u1',
      client_id: 'app',
      scope: 'openid',
      exp: BEGIN + 86_400,
    })
    await refresh(test, token)
    assert.equal((await introspect(test, token)).text, '{"active":false}')
  })

  test('is not for callers that do not prove who they are', async () => {
    const { post } = await anIssuer()
    assertRefused(await post('/introspect', { token: 'x' }), 401, 'invalid_client')
    assertRefused(await post('/introspect', { token: 'x', client_id: 'a' }), 401, 'invalid_client')
    assertRefused(await post('/introspect', {}, [API]), 400, 'invalid_request')
  })
})

suite('revocation', () => {
  test('of a refresh token ends its access tokens too', async () => {
    const test = await anIssuer(SETTINGS)
    const { refresh_token: token, access_token: access } = await codeTokens(test)
    assert.equal((await test.post('/revoke', { client_id: 'app', token: String(token) })).status, 200)
    assert.equal((await introspect(test, access)).text, '{"active":false}')
    assertRefused(await refresh(test, token), 400, 'invalid_grant')
  })

  test('of a token nobody knows is done as well (RFC 7009 §2.2)', async () => {
    const { post } = await anIssuer()
    const form = { client_id: 'app', token: 'nonsense', token_type_hint: 'pigeon' }
    assert.equal((await post('/revoke', form)).status, 200)
  })

  test('is for the client’s own tokens', async () => {
    const test = await anIssuer(SETTINGS)
    const { refresh_token: token, access_token: access } = await codeTokens(test)
    for (const foreign of [token, access]) {
      const form = { client_id: 'other', token: String(foreign) }
      assertRefused(await test.post('/revoke', form), 400, 'invalid_request')
    }
    assert.equal((await introspect(test, access)).json['active'], true)
    assertRefused(await test.post('/revoke', { client_id: 'app' }), 400, 'invalid_request')
    assertRefused(await test.post('/revoke', { token: 'x' }), 401, 'invalid_client')
  })
})

suite('userinfo', () => {
  test('tells the claims of the scopes that were granted', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: token } = await codeTokens(test, { scope: 'openid email profile' })
    const answer = await test.get('/userinfo', [bearer(token)])
    assert.deepEqual(answer.json, {
      email: 'alice@example.com',
      preferred_username: 'alice',
      name: 'Alice',
      level: 3,
      sub: 'u1',
    })
    assert.equal(answer.header('access-control-allow-origin'), '*')
  })

  test('takes the token from a form, but not from two places', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: token } = await codeTokens(test)
    assert.equal((await test.post('/userinfo', { access_token: String(token) })).status, 200)
    const both = await test.post('/userinfo', { access_token: String(token) }, [bearer(token)])
    assertRefused(both, 400, 'invalid_request')
  })

  test('refuses with the challenges of RFC 6750', async () => {
    const test = await anIssuer(SETTINGS)
    const challenge = async (...headers: (readonly [string, string])[]): Promise<unknown[]> => {
      const answer = await test.get('/userinfo', headers)
      return [answer.status, answer.header('www-authenticate')]
    }
    assert.deepEqual(await challenge(), [401, 'Bearer realm="reseal"'])
    assert.deepEqual(await challenge(bearer('nonsense')), [
      401,
      'Bearer realm="reseal", error="invalid_token", error_description="The access token is not valid here, or not any more."',
    ])
    const narrow = (await codeTokens(test, { scope: 'a' }))['access_token']
    assert.deepEqual(await challenge(bearer(narrow)), [
      403,
      'Bearer realm="reseal", error="insufficient_scope", error_description="The access token does not have the scope openid."',
    ])
    const idToken = (await codeTokens(test))['id_token']
    assert.equal((await challenge(bearer(idToken)))[0], 401)
  })
})

function introspect(
  { post }: TestIssuer,
  token: unknown,
  headers: readonly (readonly [string, string])[] = [],
): Promise<Answer> {
  return post('/introspect', { token: String(token) }, [API, ...headers])
}
