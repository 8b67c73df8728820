import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ResealError } from '../../src/core/errors.ts'
import { anIssuer, BEGIN, ISSUER, type Json } from './support/an-issuer.ts'

const OPENID = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'

suite('discovery', () => {
  test('names every endpoint, and each of them answers', async () => {
    const { get, send } = await anIssuer()
    const { json, headers } = await get(OPENID)
    assert.deepEqual(headers.slice(0, 2), [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-cache'],
    ])
    const urls = Object.entries(json).filter(([name]) => /_endpoint$|_uri$/.test(name))
    assert.deepEqual(Object.fromEntries(urls), {
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      userinfo_endpoint: `${ISSUER}/userinfo`,
      introspection_endpoint: `${ISSUER}/introspect`,
      revocation_endpoint: `${ISSUER}/revoke`,
      end_session_endpoint: `${ISSUER}/logout`,
      pushed_authorization_request_endpoint: `${ISSUER}/par`,
      device_authorization_endpoint: `${ISSUER}/device_authorization`,
    })
    for (const [, url] of urls) {
      assert.equal((await send('OPTIONS', String(url).slice(ISSUER.length))).status, 204)
    }
  })

  test('has no empty list, and lists RS256 whatever the keys', async () => {
    const { get } = await anIssuer()
    const { json } = await get(OPENID)
    assert.deepEqual(json['id_token_signing_alg_values_supported'], ['ES256', 'RS256'])
    assert.deepEqual(json['introspection_signing_alg_values_supported'], ['ES256'])
    assert.deepEqual(
      Object.values(json).filter((value) => Array.isArray(value) && value.length === 0),
      [],
    )
    const rs = await (await anIssuer({}, { alg: 'RS256' })).get(OPENID)
    assert.deepEqual(rs.json['id_token_signing_alg_values_supported'], ['RS256'])
  })

  test('is at both well-known places of an issuer with a path (RFC 8414 §3)', async () => {
    const issuer = 'https://id.example.com/tenants/a'
    const { get } = await anIssuer({ issuer })
    const places = [`/tenants/a${OPENID}`, `/tenants/a${OAUTH}`, `${OAUTH}/tenants/a`, `${OPENID}/tenants/a`]
    for (const place of places) {
      const { json } = await get(place)
      assert.deepEqual([json['issuer'], json['token_endpoint']], [issuer, `${issuer}/token`])
    }
    assert.equal((await get(OPENID)).status, 404)
    assert.equal((await get('/token')).status, 404)
  })

  for (const issuer of [
    'https://id.example.com',
    'https://id.example.com/',
    'https://ID.example.com:443/a//b/',
  ]) {
    test(`gives the issuer back to the byte: ${issuer}`, async () => {
      const path = new URL(issuer).pathname.replace(/\/$/, '')
      const { get } = await anIssuer({ issuer })
      const { json } = await get(path + OPENID)
      assert.equal(json['issuer'], issuer)
      assert.equal(json['token_endpoint'], `${issuer.replace(/\/$/, '')}/token`)
    })
  }

  for (const issuer of [
    '',
    'id.example.com',
    'ftp://x',
    'https://x?a=b',
    'https://x#a',
    'https://x/ä',
    'https://x/a b',
  ]) {
    test(`refuses an issuer that is no issuer’s URL: ${JSON.stringify(issuer)}`, async () => {
      await assert.rejects(
        anIssuer({ issuer }),
        (error) => error instanceof ResealError && error.code === 'CONFIG_INVALID',
      )
    })
  }
})

suite('the JWKS', () => {
  test('is the same at its three places, as application/json, without private members', async () => {
    const { get, ring } = await anIssuer()
    const answers = await Promise.all(
      ['/.well-known/jwks.json', '/jwks.json', '/jwks'].map((path) => get(path)),
    )
    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.header('content-type')], [200, 'application/json'])
      assert.equal(answer.text, ring.jwksText(BEGIN))
      assert.equal(answer.header('access-control-allow-origin'), '*')
    }
    const [key = {}] = (await get('/jwks')).json['keys'] as Json[]
    assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  test('has the new key and the old one after a rotation', async () => {
    const { get, ring, pass, issuer, verified } = await anIssuer()
    const before = await issuer.mint()
    await ring.rotate(BEGIN)
    pass(1)
    const after = await issuer.mint()
    assert.equal(((await get('/jwks')).json['keys'] as Json[]).length, 2)
    verified(before)
    verified(after)
  })

  test('answers HEAD without content, with its length', async () => {
    const { send, get } = await anIssuer()
    const { text } = await get('/jwks')
    const head = await send('HEAD', '/jwks')
    assert.deepEqual([head.status, head.text, head.header('content-length')], [200, '', String(text.length)])
  })
})

suite('browsers of other origins', () => {
  test('may ask what holds no session, with the headers they name', async () => {
    const { send } = await anIssuer()
    const answer = await send('OPTIONS', '/token', '', [
      ['Origin', 'https://app.example.com'],
      ['Access-Control-Request-Method', 'POST'],
      ['Access-Control-Request-Headers', 'authorization,x-custom'],
    ])
    assert.deepEqual(answer.headers, [
      ['Allow', 'POST, OPTIONS'],
      ['Access-Control-Allow-Methods', 'POST'],
      ['Access-Control-Allow-Headers', 'authorization,x-custom'],
      ['Access-Control-Max-Age', '600'],
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Expose-Headers', 'WWW-Authenticate'],
    ])
  })

  test('cannot put lines into the answer', async () => {
    const { send } = await anIssuer()
    const asked = ['Access-Control-Request-Headers', 'a\r\nSet-Cookie: b=c'] as const
    const answer = await send('OPTIONS', '/token', '', [asked])
    assert.equal(answer.header('access-control-allow-headers'), 'Authorization, Content-Type')
  })

  for (const path of ['/authorize', '/login', '/device', '/logout']) {
    test(`may not read ${path}`, async () => {
      const { send } = await anIssuer()
      for (const method of ['OPTIONS', 'GET', 'POST']) {
        assert.equal((await send(method, path)).header('access-control-allow-origin'), undefined)
      }
    })
  }

  test('read refusals too', async () => {
    const { post } = await anIssuer()
    const answer = await post('/token', {})
    assert.deepEqual([answer.status, answer.header('access-control-allow-origin')], [400, '*'])
  })
})

suite('X-Forwarded headers', () => {
  const forwarded = (values: Record<string, string>): readonly (readonly [string, string])[] =>
    Object.entries(values).map(([name, value]) => [`X-Forwarded-${name}`, value])
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ Host: 'id.example.com', Proto: 'https' }, 'https://id.example.com/a'],
    [{ Host: 'id.example.com', Proto: 'https', Port: '8443' }, 'https://id.example.com:8443/a'],
    [{ Host: 'id.example.com', Proto: 'https', Port: '443' }, 'https://id.example.com/a'],
    [{ Host: 'id.example.com:81, inner', Proto: 'http, https' }, 'http://id.example.com:81/a'],
    [{ Host: 'id.example.com', Prefix: '/idp' }, 'http://id.example.com/idp/a'],
    [{ Host: '[::1]:5' }, 'http://[::1]:5/a'],
    [{ Host: 'evil.example/x?' }, 'http://127.0.0.1:8090/a'],
    [{ Host: 'a b' }, 'http://127.0.0.1:8090/a'],
    [{ Host: 'x', Prefix: '//evil', Proto: 'javascript' }, 'http://x/a'],
    [{ Proto: 'https' }, 'http://127.0.0.1:8090/a'],
  ]
  for (const [values, expected] of cases) {
    test(`${JSON.stringify(values)} make ${expected}, where they are trusted`, async () => {
      const issuer = 'http://127.0.0.1:8090/a'
      const headers = forwarded(values)
      const trusting = await anIssuer({ issuer, trustForwarded: true })
      const { json } = await trusting.get(`/a${OPENID}`, headers)
      assert.deepEqual([json['issuer'], json['jwks_uri']], [expected, `${expected}/.well-known/jwks.json`])
      const careful = await anIssuer({ issuer })
      assert.equal((await careful.get(`/a${OPENID}`, headers)).json['issuer'], issuer)
    })
  }

  test('decide the iss of tokens too, and such tokens are known again', async () => {
    const test = await anIssuer({ trustForwarded: true })
    const headers = forwarded({ Host: 'id.example.com', Proto: 'https' })
    const form = { grant_type: 'client_credentials', client_id: 'a', scope: 'openid' }
    const token = (await test.post('/token', form, headers)).json['access_token']
    assert.equal(test.verified(token)['iss'], 'https://id.example.com')
    const bearer = ['Authorization', `Bearer ${String(token)}`] as const
    assert.equal((await test.get('/userinfo', [...headers, bearer])).status, 200)
  })
})
