import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import * as jose from 'jose'
import { ResealError } from '../../src/core/errors.ts'
import { TAMPERS } from '../../src/issuer/tampers.ts'
import { aControl, BEGIN, BEGIN_MS, fieldOf, PORT, textOf, type TestControl } from './support/a-control.ts'

suite('health and issuers', () => {
  test('a process that answers is live, and ready when it says so', async () => {
    let reasons: readonly string[] = ['The snapshot is loading.']
    const { ask } = await aControl({ ready: () => ({ ready: reasons.length === 0, reasons }) })
    assert.deepEqual((await ask('GET', '/live')).json, { live: true })
    const before = await ask('GET', '/ready')
    assert.deepEqual(
      [before.status, before.json],
      [503, { ready: false, reasons: ['The snapshot is loading.'] }],
    )
    reasons = []
    const after = await ask('GET', '/ready')
    assert.deepEqual([after.status, after.json], [200, { ready: true, reasons: [] }])
  })

  test('issuers are listed and found by name', async () => {
    const { ask } = await aControl()
    const main = { name: 'main', issuer: 'http://127.0.0.1:8090', algs: ['ES256'], accessTokenSeconds: 300 }
    assert.deepEqual((await ask('GET', '/v1/issuers')).json, { issuers: [main] })
    assert.deepEqual((await ask('GET', '/v1/issuers/main')).json, main)
    const missing = await ask('GET', '/v1/issuers/mian')
    assert.deepEqual(
      [missing.status, missing.json],
      [
        404,
        {
          error: {
            code: 'NOT_FOUND',
            message: 'There is no issuer of this name.',
            hint: 'See GET /v1/issuers.',
          },
        },
      ],
    )
  })

  test('an answer is not stored, sniffed or read by other sites, and its length is told', async () => {
    const reply = await (await aControl()).ask('GET', '/live')
    assert.deepEqual(reply.response.headers, [
      ['Content-Type', 'application/json'],
      ['Content-Length', '14'],
      ['Cache-Control', 'no-store'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Cross-Origin-Resource-Policy', 'same-origin'],
    ])
  })
})

suite('keys', () => {
  test('are listed with their states and moments, and no key material at all', async () => {
    const { ask, ring } = await aControl()
    const { kid } = ring.signer(BEGIN)
    assert.deepEqual((await ask('GET', '/v1/issuers/main/keys')).json, {
      now: BEGIN,
      keys: [{ kid, alg: 'ES256', state: 'active', publishedAt: BEGIN, activeAt: BEGIN }],
    })
  })

  test('rotate with the lead that is asked for, or the configured one', async () => {
    const { ask, ring } = await aControl()
    const waiting = await ask('POST', '/v1/issuers/main/rotate', { leadSeconds: 30 })
    assert.equal(waiting.status, 201)
    const { kid, ...rest } = waiting.json as { kid: string }
    assert.deepEqual(rest, { alg: 'ES256', state: 'next', publishedAt: BEGIN, activeAt: BEGIN + 30 })
    assert.notEqual(ring.signer(BEGIN).kid, kid)
    assert.equal(ring.signer(BEGIN + 30).kid, kid)
    // Without content: the ring's lead, which is 0 here.
    assert.deepEqual((await ask('POST', '/v1/issuers/main/rotate')).json, {
      kid,
      alg: 'ES256',
      state: 'active',
      publishedAt: BEGIN,
      activeAt: BEGIN,
    })
  })

  test('expire by id, whatever is in it; the only one cannot', async () => {
    const { ask, ring, kids } = await aControl()
    const { kid: first } = ring.signer(BEGIN)
    const only = await ask('POST', `/v1/issuers/main/keys/${first}/expire`)
    assert.equal(only.status, 400)
    await ask('POST', '/v1/issuers/main/rotate')
    assert.equal((await kids()).length, 2)
    const expired = await ask('POST', `/v1/issuers/main/keys/${first}/expire`)
    assert.deepEqual([expired.status, expired.json], [204, undefined])
    assert.deepEqual(await kids(), [ring.signer(BEGIN).kid])
    const missing = await ask('POST', '/v1/issuers/main/keys/a%2F..%2Fb/expire')
    assert.equal(missing.status, 404)
  })
})

suite('tokens', () => {
  test('are minted with claims of one’s own, and jsonwebtoken accepts them', async () => {
    const control = await aControl()
    const reply = await control.ask('POST', '/v1/issuers/main/mint', {
      claims: { role: 'admin', sub: 'me' },
      ttlSeconds: 60,
      scope: 'read',
    })
    const claims = await verified(control, tokenOf(reply.json))
    assert.deepEqual(
      { role: claims['role'], sub: claims['sub'], scope: claims['scope'], exp: claims['exp'] },
      { role: 'admin', sub: 'me', scope: 'read', exp: BEGIN + 60 },
    )
  })

  test('minted raw hold nothing but the claims given', async () => {
    const control = await aControl()
    const claims = { b: 1, a: [1.5, null] }
    const reply = await control.ask('POST', '/v1/issuers/main/mint', { raw: true, claims })
    const payload = Buffer.from(tokenOf(reply.json).split('.')[1] ?? '', 'base64url').toString()
    assert.equal(payload, '{"b":1,"a":[1.5,null]}')
  })

  test('minted without content are as a grant would give them', async () => {
    const control = await aControl()
    const claims = await verified(control, tokenOf((await control.ask('POST', '/v1/issuers/main/mint')).json))
    assert.deepEqual([claims['iss'], claims['exp']], ['http://127.0.0.1:8090', BEGIN + 300])
  })

  test('for a user nobody configured are refused with the issuer’s own sentence', async () => {
    const { ask } = await aControl({}, { users: [{ sub: 'alice' }] })
    assert.deepEqual((await ask('POST', '/v1/issuers/main/mint', { user: 'bob' })).json, {
      error: {
        code: 'USAGE',
        message: 'The token is to be for a user that is not configured.',
        hint: 'Name a configured user by sub, username or email, or configure none, and every one is taken.',
      },
    })
  })

  test('are wrong on purpose in every way there is a preset for', async () => {
    const control = await aControl()
    const { tampers } = (await control.ask('GET', '/v1/tampers')).json as { tampers: { name: string }[] }
    assert.deepEqual(
      tampers.map(({ name }) => name),
      Object.keys(TAMPERS),
    )
    const good = tokenOf((await control.ask('POST', '/v1/issuers/main/mint')).json)
    await strictlyVerified(control, good)
    for (const { name } of tampers) {
      const reply = await control.ask('POST', '/v1/issuers/main/mint', { tamper: name })
      assert.equal(reply.status, 200, name)
      await assert.rejects(strictlyVerified(control, tokenOf(reply.json)), `${name} was accepted`)
    }
  })

  test('of an endpoint are wrong as often as planned', async () => {
    const control = await aControl()
    const planned = await control.ask('POST', '/v1/issuers/main/tampers', {
      endpoint: 'auth',
      tamper: 'algNone',
      count: 2,
    })
    assert.deepEqual([planned.status, planned.json], [201, { endpoint: 'auth', tamper: 'algNone', count: 2 }])
    const algs: unknown[] = []
    for (let count = 0; count < 3; count += 1) {
      const token = tokenOf(JSON.parse(textOf(await control.get('/auth', 'POST'))))
      algs.push(jose.decodeProtectedHeader(token).alg)
    }
    assert.deepEqual(algs, ['none', 'none', 'ES256'])
  })
})

suite('faults', () => {
  test('are set, listed, cleared one by one and all at once', async () => {
    const { ask, get } = await aControl()
    const fault = { endpoint: 'jwks', kind: 'status', status: 503, times: 1 }
    const set = await ask('POST', '/v1/issuers/main/faults', fault)
    const first = { id: 'fault-1', fault, setAt: BEGIN_MS, happened: 0 }
    assert.deepEqual([set.status, set.json], [201, first])
    assert.equal((await get('/jwks')).status, 503)
    assert.equal((await get('/jwks')).status, 200)
    assert.deepEqual((await ask('GET', '/v1/issuers/main/faults')).json, {
      faults: [{ ...first, happened: 1 }],
    })
    assert.equal((await ask('DELETE', '/v1/issuers/main/faults/fault-1')).status, 204)
    assert.equal((await ask('DELETE', '/v1/issuers/main/faults/fault-1')).status, 404)
    await ask('POST', '/v1/issuers/main/faults', fault)
    await ask('POST', '/v1/issuers/main/faults', fault)
    assert.deepEqual((await ask('DELETE', '/v1/issuers/main/faults')).json, { cleared: 2 })
  })

  test('that cannot happen are refused with the reason', async () => {
    const { ask } = await aControl()
    const reply = await ask('POST', '/v1/issuers/main/faults', { endpoint: 'token', kind: 'emptyJwks' })
    assert.deepEqual(
      [reply.status, reply.json],
      [
        400,
        {
          error: {
            code: 'CONFIG_INVALID',
            message: 'The fault emptyJwks cannot happen at the endpoint token',
            hint: 'emptyJwks, staleJwks, hugeJwks, unknownKid change the JWKS: set them at the endpoint jwks.',
          },
        },
      ],
    )
  })
})

suite('clients and users', () => {
  test('a client is put, listed without its secret, used and deleted', async () => {
    const { ask, issuer } = await aControl()
    const put = await ask('PUT', '/v1/issuers/main/clients/shop%2Fweb', {
      secret: 'correct horse',
      redirectUris: ['http://127.0.0.1/cb'],
      jwks: { keys: [] },
    })
    const view = {
      clientId: 'shop/web',
      redirectUris: ['http://127.0.0.1/cb'],
      hasSecret: true,
      hasJwks: true,
    }
    assert.deepEqual([put.status, put.json], [200, view])
    const list = await ask('GET', '/v1/issuers/main/clients')
    assert.deepEqual(list.json, { clients: [view] })
    assert.doesNotMatch(JSON.stringify(list.json), /correct horse/)
    assert.equal(issuer.clients()[0]?.secret, 'correct horse')
    assert.equal((await ask('DELETE', '/v1/issuers/main/clients/shop%2Fweb')).status, 204)
    assert.equal((await ask('DELETE', '/v1/issuers/main/clients/shop%2Fweb')).status, 404)
  })

  test('a user is put, listed without the password, and deleted', async () => {
    const { ask, issuer } = await aControl()
    const put = await ask('PUT', '/v1/issuers/main/users/alice', {
      email: 'a@example.com',
      password: 'swordfish',
    })
    const view = { sub: 'alice', email: 'a@example.com', hasPassword: true }
    assert.deepEqual([put.status, put.json], [200, view])
    assert.deepEqual((await ask('GET', '/v1/issuers/main/users')).json, { users: [view] })
    assert.equal(issuer.users()[0]?.password, 'swordfish')
    assert.equal((await ask('DELETE', '/v1/issuers/main/users/alice')).status, 204)
    assert.equal((await ask('DELETE', '/v1/issuers/main/users/alice')).status, 404)
  })
})

test('counters tell what was asked, JWKS fetches by client, and a reset starts them afresh', async () => {
  const { ask, get } = await aControl()
  await get('/jwks')
  await get('/jwks')
  await get('/.well-known/openid-configuration')
  assert.deepEqual((await ask('GET', '/v1/issuers/main/counters')).json, {
    requests: { jwks: 2, discovery: 1 },
    jwksFetches: [{ count: 2 }],
  })
  assert.equal((await ask('POST', '/v1/issuers/main/reset')).status, 204)
  assert.deepEqual((await ask('GET', '/v1/issuers/main/counters')).json, { requests: {}, jwksFetches: [] })
})

suite('what leads nowhere', () => {
  test('an unknown path is 404, an unknown method 405 with those that are known', async () => {
    const { ask } = await aControl()
    for (const path of [
      '/',
      '/v1',
      '/v1/',
      '/v1/issuers/',
      '/live/',
      '/v1/issuers/%',
      '/v1/issuers/../issuers',
      '*',
    ]) {
      assert.equal((await ask('GET', path)).status, 404, path)
    }
    for (const [method, path, allow] of [
      ['DELETE', '/live', 'GET, HEAD'],
      ['OPTIONS', '/v1/issuers', 'GET, HEAD'],
      ['PATCH', '/v1/issuers/main/faults', 'GET, HEAD, POST, DELETE'],
      ['GET', '/v1/issuers/main/rotate', 'POST'],
      ['__proto__', '/v1/issuers/main/clients/x', 'PUT, DELETE'],
    ] as const) {
      const reply = await ask(method, path)
      assert.deepEqual([reply.status, fieldOf(reply, 'allow')], [405, allow], `${method} ${path}`)
    }
  })

  test('a query is refused, since nothing would come of it', async () => {
    const { ask, ring } = await aControl()
    assert.equal((await ask('POST', '/v1/issuers/main/rotate?leadSeconds=0')).status, 400)
    assert.equal(ring.keys(BEGIN).length, 1)
  })

  test('a target in absolute form means its path', async () => {
    const { ask } = await aControl()
    assert.equal((await ask('GET', `http://127.0.0.1:${PORT}/live`)).status, 200)
  })
})

test('a failure that is nobody’s wrong request is left to the listener', async () => {
  const broken = new ResealError('SECRET_UNWRITABLE', 'The key cannot be kept')
  const { faults, issuer } = await aControl()
  const ring = { ...issuer.ring, rotate: () => Promise.reject(broken) }
  const issuers = new Map([['main', { issuer: { ...issuer, ring }, faults }]])
  const { ask } = await aControl({ issuers })
  await assert.rejects(ask('POST', '/v1/issuers/main/rotate'), broken)
})

function tokenOf(json: unknown): string {
  return (json as { token: string }).token
}

async function verified({ ring }: TestControl, token: string): Promise<Record<string, unknown>> {
  const jwks = JSON.parse(ring.jwksText(BEGIN)) as jose.JSONWebKeySet
  const header = jose.decodeProtectedHeader(token)
  const jwk = jwks.keys.find(({ kid }) => kid === header.kid)
  assert.ok(jwk, 'the JWKS has no such kid')
  const key = await jose.exportSPKI((await jose.importJWK(jwk)) as jose.CryptoKey)
  const claims = jsonwebtoken.verify(token, key, { clockTimestamp: BEGIN, algorithms: ['ES256'] })
  return claims as Record<string, unknown>
}

/** Everything that a careful resource server looks at (RFC 9068 §4). */
async function strictlyVerified({ ring }: TestControl, token: string): Promise<void> {
  const jwks = JSON.parse(ring.jwksText(BEGIN)) as jose.JSONWebKeySet
  assert.ok(jose.decodeProtectedHeader(token).kid)
  await jose.jwtVerify(token, jose.createLocalJWKSet(jwks), {
    issuer: 'http://127.0.0.1:8090',
    audience: 'http://127.0.0.1:8090',
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(BEGIN_MS),
  })
}
