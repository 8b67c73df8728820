import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { anIssuer, bearer, BEGIN, claimsIn, headOf, ISSUER } from './support/an-issuer.ts'
import { codeTokens } from './support/code-flow.ts'

suite('claim templates', () => {
  test('are filled by client, scope and user, the later row winning', async () => {
    const test = await anIssuer({
      login: 'auto',
      users: [
        { sub: 'u1', email: 'a@example.com', claims: { groups: ['x'], who: 'user', mail: '${email}' } },
      ],
      clients: [{ clientId: 'app', claims: { who: 'client', own: 1 } }],
      claims: {
        all: {
          who: 'all',
          tenant: 't-${sub}-${client_id}',
          typed: '${groups}',
          none: '${nothing}',
          part: '[${nothing}]',
        },
        accessToken: { at: true, deep: { list: ['${sub}', 1, null], n: 1.5 } },
        idToken: { it: true, who: 'idToken' },
        userinfo: { ui: '${iss}' },
        scopes: { read: { can: 'read' }, write: { can: 'write' } },
        clients: { app: { who: 'clients', scopes: '${scope}' }, other: { wrong: true } },
        users: { 'a@example.com': { by: 'email' }, u1: { by: 'sub' } },
      },
    })
    const tokens = await codeTokens(test, { scope: 'openid read' })
    const shared = {
      who: 'user',
      tenant: 't-u1-app',
      typed: ['x'],
      part: '[]',
      can: 'read',
      scopes: 'openid read',
      own: 1,
      by: 'sub',
      groups: ['x'],
      mail: 'a@example.com',
    }
    const { jti: _, ...access } = test.verified(tokens['access_token'])
    assert.deepEqual(access, {
      iss: ISSUER,
      sub: 'u1',
      aud: ISSUER,
      client_id: 'app',
      scope: 'openid read',
      auth_time: BEGIN,
      iat: BEGIN,
      exp: BEGIN + 300,
      ...shared,
      at: true,
      deep: { list: ['u1', 1, null], n: 1.5 },
    })
    const { at_hash: _hash, ...id } = test.verified(tokens['id_token'])
    assert.deepEqual(id, {
      iss: ISSUER,
      sub: 'u1',
      aud: 'app',
      auth_time: BEGIN,
      iat: BEGIN,
      exp: BEGIN + 300,
      ...shared,
      it: true,
    })
    const userinfo = await test.get('/userinfo', [bearer(tokens['access_token'])])
    assert.deepEqual(userinfo.json, { ...shared, ui: ISSUER, sub: 'u1' })
  })

  test('apply to a client that acts for itself, and may set what the grant says', async () => {
    const { post } = await anIssuer({
      claims: { clients: { a: { aud: ['x', 'y'], exp: BEGIN + 7 } }, users: { a: { wrong: 1 } } },
    })
    const { json } = await post('/token', { grant_type: 'client_credentials', client_id: 'a' })
    const { aud, wrong } = claimsIn(json['access_token'])
    assert.deepEqual([aud, wrong, json['expires_in']], [['x', 'y'], undefined, 7])
  })

  test('fill nothing from the prototype of objects, and keep a claim called __proto__', async () => {
    const all = JSON.parse('{"a":"${constructor}","b":"${__proto__}","__proto__":{"x":"${sub}"}}')
    const { issuer } = await anIssuer({ claims: { all } })
    const payload = Buffer.from((await issuer.mint()).split('.')[1] ?? '', 'base64url').toString()
    assert.match(payload, /,"__proto__":\{"x":"test-user"\}\}$/)
    assert.doesNotMatch(payload, /"a":|"b":/)
  })
})

suite('minting by call', () => {
  test('signs claims verbatim, nothing added', async () => {
    const { issuer, ring, verified } = await anIssuer()
    const token = await issuer.sign({ a: 1 })
    assert.deepEqual(verified(token), { a: 1 })
    assert.deepEqual(headOf(token), { alg: 'ES256', typ: 'JWT', kid: ring.signer(BEGIN).kid })
    const special = await issuer.sign({}, { header: { typ: 'logout+jwt', x: 1 } })
    assert.deepEqual(headOf(special), { alg: 'ES256', typ: 'logout+jwt', kid: ring.signer(BEGIN).kid, x: 1 })
    assert.deepEqual(verified(await issuer.mint({ raw: true, claims: { b: 2 } })), { b: 2 })
  })

  test('makes an access token with the given claims in the place of the usual ones', async () => {
    const users = [{ sub: 'u1' }, { sub: 'u2', email: 'two@example.com', claims: { role: 'r' } }]
    const { issuer, verified } = await anIssuer({ users })
    const token = await issuer.mint({
      clientId: 'app',
      user: 'two@example.com',
      scope: 'a b',
      ttlSeconds: 60,
      claims: { aud: 'api', x: null },
    })
    const { jti: _, ...claims } = verified(token)
    assert.equal(headOf(token)['typ'], 'at+jwt')
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: 'u2',
      aud: 'api',
      client_id: 'app',
      scope: 'a b',
      iat: BEGIN,
      exp: BEGIN + 60,
      role: 'r',
      x: null,
    })
    assert.equal(claimsIn(await issuer.mint())['sub'], 'u1')
    assert.equal(claimsIn(await issuer.mint({ ttlSeconds: -5 }))['exp'], BEGIN - 5)
  })

  test('refuses users and clients that are not among the configured ones, and a ttl that is no number', async () => {
    const { issuer } = await anIssuer({ users: [{ sub: 'u1' }], clients: [{ clientId: 'a' }] })
    await assert.rejects(issuer.mint({ user: 'u2' }), { code: 'USAGE' })
    await assert.rejects(issuer.mint({ clientId: 'b' }), { code: 'USAGE' })
    await assert.rejects(issuer.mint({ ttlSeconds: Number.NaN }), { code: 'USAGE' })
  })
})
