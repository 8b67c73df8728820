import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import * as jose from 'jose'
import jwksRsa from 'jwks-rsa'
import type { HttpResponse } from '../../src/core/exchange.ts'
import { headerValue } from '../../src/core/headers.ts'
import { parseFault } from '../../src/control/fault-definition.ts'
import { MAX_FAULTS } from '../../src/core/fault-book.ts'
import type { FaultDefinition, FaultKind } from '../../src/issuer/faults.ts'
import { serve } from '../../src/wire/server.ts'
import { aRequest, aResponse } from '../support/a-pair.ts'
import { aFaultyIssuer, BEGIN, BEGIN_MS, textOf, type FaultyIssuer } from './support/a-control.ts'

const FAULT_BODY = '{"error":"server_error","error_description":"A fault is set here for a test."}'

/** One of each kind, by type: a kind without a schema does not parse, one without an example does not compile. */
const ONE_OF_EACH: { readonly [K in FaultKind]: FaultDefinition & { readonly kind: K } } = {
  status: { endpoint: 'token', kind: 'status', status: 503, retryAfterSeconds: 2 },
  redirect: { endpoint: 'jwks', kind: 'redirect', location: 'http://127.0.0.1:9/jwks', status: 307 },
  delay: { endpoint: '*', kind: 'delay', delayMs: 1.5, times: 3 },
  reset: { endpoint: 'discovery', kind: 'reset', afterBytes: 10 },
  stall: { endpoint: 'userinfo', kind: 'stall' },
  rate: { endpoint: 'introspect', kind: 'rate', bytesPerSecond: 0.5 },
  truncate: { endpoint: 'jwks', kind: 'truncate', bytes: 12 },
  malformed: { endpoint: 'revoke', kind: 'malformed', probability: 0.25, seed: 7 },
  contentType: { endpoint: 'jwks', kind: 'contentType', contentType: 'text/html; charset=utf-8' },
  emptyJwks: { endpoint: 'jwks', kind: 'emptyJwks' },
  staleJwks: { endpoint: 'jwks', kind: 'staleJwks' },
  hugeJwks: { endpoint: 'jwks', kind: 'hugeJwks', keys: 3 },
  unknownKid: { endpoint: 'jwks', kind: 'unknownKid', seconds: 30 },
}

suite('what goes wrong', () => {
  test('a status answers in the place of the endpoint', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'status', status: 503, retryAfterSeconds: 7 })
    const answer = await get('/.well-known/jwks.json')
    assert.deepEqual(
      { ...answer, body: textOf(answer) },
      {
        status: 503,
        reason: 'Service Unavailable',
        httpVersion: '1.1',
        headers: [
          ['Content-Type', 'application/json'],
          ['Cache-Control', 'no-store'],
          ['Retry-After', '7'],
        ],
        body: FAULT_BODY,
        trailers: [],
      },
    )
  })

  test('an endpoint that a status or redirect stands for is not asked', async () => {
    const { faults } = await aFaultyIssuer()
    for (const fault of [ONE_OF_EACH.status, ONE_OF_EACH.redirect]) {
      faults.set({ ...fault, endpoint: 'token' })
      await faults.apply('token', aRequest({ method: 'POST', target: '/token' }), () =>
        assert.fail('the endpoint was asked'),
      )
      faults.clear()
    }
  })

  test('a redirect leads where it is told, 302 unless told', async () => {
    const { faults, get } = await aFaultyIssuer()
    await faults.fault('jwks', { kind: 'redirect', location: 'http://127.0.0.1:9/' }, async () => {
      const { status, headers } = await get('/jwks')
      assert.deepEqual([status, headerValue(headers, 'location')], [302, 'http://127.0.0.1:9/'])
    })
    assert.equal((await withFault(ONE_OF_EACH.redirect)).status, 307)
  })

  test('delays, paces, resets and stalls are left to the wire, all of them together', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'delay', delayMs: 8000 })
    faults.set({ endpoint: 'jwks', kind: 'rate', bytesPerSecond: 10 })
    faults.set({ endpoint: 'jwks', kind: 'reset' })
    faults.set({ endpoint: 'jwks', kind: 'stall', afterBytes: 4 })
    assert.deepEqual((await get('/jwks')).delivery, {
      delayMs: 8000,
      bytesPerSecond: 10,
      resetAfterBytes: 0,
      stallAfterBytes: 4,
    })
  })

  test('a truncated answer is the beginning of it, half of it unless told', async () => {
    const whole = await textOfJwks()
    const half = textOf(await withFault({ endpoint: 'jwks', kind: 'truncate' }))
    assert.equal(half.length, Math.floor(whole.length / 2))
    assert.equal(textOf(await withFault(ONE_OF_EACH.truncate)), '{"keys":[{"k')
  })

  test('malformed content is no JSON and says it is', async () => {
    const answer = await withFault({ endpoint: 'jwks', kind: 'malformed' })
    assert.equal(textOf(answer), '{"keys": [{"kty": oops')
    assert.equal(headerValue(answer.headers, 'content-type'), 'application/json')
  })

  test('a wrong Content-Type leaves the content alone', async () => {
    const { faults, get, ring } = await aFaultyIssuer()
    faults.set(ONE_OF_EACH.contentType)
    const answer = await get('/jwks')
    assert.deepEqual(
      answer.headers.filter(([name]) => name.toLowerCase() === 'content-type'),
      [['Content-Type', 'text/html; charset=utf-8']],
    )
    assert.equal(textOf(answer), ring.jwksText(BEGIN))
  })

  test('an empty JWKS has no keys', async () => {
    assert.equal(textOf(await withFault(ONE_OF_EACH.emptyJwks)), '{"keys":[]}')
  })

  test('a huge JWKS has so many keys that can be read before the real ones', async () => {
    const { faults, get, ring } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'hugeJwks', keys: 2000 })
    const jwks = JSON.parse(textOf(await get('/jwks'))) as jose.JSONWebKeySet
    assert.equal(jwks.keys.length, 2001)
    assert.equal(new Set(jwks.keys.map(({ kid }) => kid)).size, 2001)
    assert.deepEqual(jwks.keys.at(-1), JSON.parse(ring.jwksText(BEGIN)).keys[0])
    await jose.importJWK(jwks.keys[0] ?? {}, 'ES256')
  })

  test('a stale JWKS has the keys from before the last rotation, those that have left since too', async () => {
    const { faults, ring, kids, pass } = await aFaultyIssuer()
    const [first] = await kids()
    faults.set(ONE_OF_EACH.staleJwks)
    assert.deepEqual(await kids(), [first], 'before any rotation it is the JWKS as it is')
    pass(10)
    const second = await ring.rotate(BEGIN + 10)
    assert.deepEqual(await kids(), [first])
    pass(3600)
    assert.deepEqual(await kids(), [first])
    await ring.rotate(BEGIN + 3610)
    assert.deepEqual(await kids(), [second.kid])
    faults.clear()
    assert.equal((await kids()).length, 2)
  })

  test('a stale JWKS of several algs is as it is before any rotation, and lacks every new key after one', async () => {
    const { faults, ring, kids } = await aFaultyIssuer({ algs: ['ES256', 'EdDSA'] })
    const before = await kids()
    faults.set(ONE_OF_EACH.staleJwks)
    assert.deepEqual(await kids(), before)
    await ring.rotate(BEGIN)
    assert.deepEqual(await kids(), before)
  })

  test('an unknown kid stays unknown until its key has signed for so many seconds', async () => {
    const { faults, ring, kids, pass } = await aFaultyIssuer({ leadSeconds: 20 })
    const [first] = await kids()
    faults.set(ONE_OF_EACH.unknownKid)
    assert.deepEqual(await kids(), [first], 'the first key came by no rotation')
    const { kid } = await ring.rotate(BEGIN)
    assert.deepEqual(await kids(), [first], 'not published ahead')
    pass(49)
    assert.equal(ring.signer(BEGIN + 49).kid, kid)
    assert.deepEqual(await kids(), [first])
    pass(1)
    assert.deepEqual(await kids(), [kid, first])
  })

  test('what changes the JWKS happens there alone, also where it is set everywhere', async () => {
    const { faults, get } = await aFaultyIssuer()
    const discovery = textOf(await get('/.well-known/openid-configuration'))
    faults.set({ endpoint: '*', kind: 'emptyJwks' })
    assert.equal(textOf(await get('/.well-known/openid-configuration')), discovery)
    assert.equal(textOf(await get('/jwks')), '{"keys":[]}')
    assert.throws(() => faults.set({ endpoint: 'token', kind: 'hugeJwks' }), {
      code: 'CONFIG_INVALID',
      message: 'The fault hugeJwks cannot happen at the endpoint token',
    })
  })
})

suite('how often', () => {
  test('a fault with times happens so often and then no more', async () => {
    const { faults, get } = await aFaultyIssuer()
    const id = faults.set({ endpoint: 'jwks', kind: 'status', status: 503, times: 2 })
    assert.deepEqual(await statuses(get, 4), [503, 503, 200, 200])
    assert.deepEqual(faults.list(), [
      {
        id,
        definition: { endpoint: 'jwks', kind: 'status', status: 503, times: 2 },
        setAt: BEGIN_MS,
        happened: 2,
      },
    ])
  })

  test('faults that would take each other’s place come one after the other', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'status', status: 503, times: 1 })
    faults.set({ endpoint: 'jwks', kind: 'status', status: 429, times: 1 })
    faults.set({ endpoint: 'jwks', kind: 'delay', delayMs: 5, times: 1 })
    const first = await get('/jwks')
    assert.deepEqual([first.status, first.delivery], [503, { delayMs: 5 }])
    assert.deepEqual(await statuses(get, 2), [429, 200])
  })

  test('a probability is kept to, and one seed gives one sequence', async () => {
    const sequence = async (seed: number): Promise<readonly number[]> => {
      const { faults, get } = await aFaultyIssuer()
      faults.set({ endpoint: 'jwks', kind: 'status', status: 500, probability: 0.3, seed })
      return statuses(get, 400)
    }
    const [first, again, other] = [await sequence(5), await sequence(5), await sequence(6)]
    assert.deepEqual(first, again)
    assert.notDeepEqual(first, other)
    const failed = first.filter((status) => status === 500).length
    assert.ok(failed > 80 && failed < 160, `${failed} of 400 failed`)
  })

  test('a probability of 0 never and of 1 always', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'status', status: 500, probability: 0 })
    assert.deepEqual(await statuses(get, 5), [200, 200, 200, 200, 200])
    faults.set({ endpoint: 'jwks', kind: 'status', status: 500, probability: 1 })
    assert.deepEqual(await statuses(get, 2), [500, 500])
  })

  test('a preflight is no request to the endpoint', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set({ endpoint: 'jwks', kind: 'status', status: 503, times: 1 })
    assert.equal((await get('/jwks', 'OPTIONS')).status, 204)
    assert.equal((await get('/jwks')).status, 503)
  })

  test('a test that never clears its faults is told so', async () => {
    const { faults } = await aFaultyIssuer()
    for (let count = 0; count < MAX_FAULTS; count += 1) faults.set(ONE_OF_EACH.emptyJwks)
    assert.throws(() => faults.set(ONE_OF_EACH.emptyJwks), {
      code: 'USAGE',
      message: '1000 faults are set already',
    })
    assert.equal(faults.clear(), MAX_FAULTS)
  })
})

suite('taking back', () => {
  test('clearing takes back the one named, or all, and tells how many', async () => {
    const { faults } = await aFaultyIssuer()
    const [first] = [
      faults.set(ONE_OF_EACH.delay),
      faults.set(ONE_OF_EACH.stall),
      faults.set(ONE_OF_EACH.rate),
    ]
    assert.equal(faults.clear('fault-99'), 0)
    assert.equal(faults.clear(first), 1)
    assert.deepEqual(
      faults.list().map(({ id }) => id),
      ['fault-2', 'fault-3'],
    )
    assert.equal(faults.clear(), 2)
    assert.deepEqual(faults.list(), [])
  })

  test('fault() gives what the work gives, and takes its own fault back', async () => {
    const { faults, get } = await aFaultyIssuer()
    faults.set(ONE_OF_EACH.stall)
    const status = await faults.fault(
      'jwks',
      { kind: 'status', status: 500 },
      async () => (await get('/jwks')).status,
    )
    assert.equal(status, 500)
    assert.deepEqual(
      faults.list().map(({ definition }) => definition),
      [ONE_OF_EACH.stall],
    )
  })

  for (const [how, work] of [
    ['throws', () => assert.fail('broken')],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ] as const) {
    test(`fault() takes the fault back when the work ${how}`, async () => {
      const { faults } = await aFaultyIssuer()
      await assert.rejects(faults.fault('jwks', { kind: 'emptyJwks' }, work), /broken/)
      assert.deepEqual(faults.list(), [])
    })
  }
})

suite('a fault as it is written', () => {
  for (const [kind, definition] of Object.entries(ONE_OF_EACH)) {
    test(`${kind} is read as it is written, and happens`, async () => {
      assert.deepEqual(parseFault(structuredClone(definition)), definition)
      const { faults } = await aFaultyIssuer()
      faults.set({ ...definition, probability: 1 })
      const endpoint = definition.endpoint === '*' ? 'jwks' : definition.endpoint
      const plain = aResponse({ body: '{"keys":[]}' })
      const answer = await faults.apply(endpoint, aRequest({ method: 'POST', target: '/token' }), () => plain)
      assert.equal(faults.list()[0]?.happened, 1)
      if (kind !== 'staleJwks' && kind !== 'unknownKid') assert.notDeepEqual(answer, plain)
    })
  }

  for (const [written, message] of [
    [undefined, 'The fault does not fit: must be an object.'],
    [
      { endpoint: 'jwks' },
      `The fault does not fit: "kind" must be one of ${Object.keys(ONE_OF_EACH).join(', ')}.`,
    ],
    [
      { endpoint: 'jwk', kind: 'emptyJwks' },
      /^The fault does not fit: "endpoint" must be one of discovery, jwks, .*, \*\.$/,
    ],
    [
      { endpoint: 'jwks', kind: 'status', status: 99 },
      'The fault does not fit: "status" must be at least 200.',
    ],
    [
      { endpoint: 'jwks', kind: 'status', status: '503' },
      'The fault does not fit: "status" must be a number.',
    ],
    [
      { endpoint: 'jwks', kind: 'delay', delayMs: 3_600_001 },
      'The fault does not fit: "delayMs" must be at most 3600000.',
    ],
    [
      { endpoint: 'jwks', kind: 'emptyJwks', time: 1 },
      'The fault does not fit: has unknown members: "time".',
    ],
    [
      { endpoint: 'jwks', kind: 'redirect', location: 'https://a/\r\nSet-Cookie: b=c' },
      'The fault does not fit: "location" must be printable ASCII, without space around it.',
    ],
  ] as const) {
    test(`${JSON.stringify(written)} is refused with a sentence`, () => {
      assert.throws(() => parseFault(written), { code: 'CONFIG_INVALID', message })
    })
  }
})

suite('clients meet faults over sockets', () => {
  test('jose rides out an outage within its cache time', async (t) => {
    const { url, issuer, faults } = await served(t)
    const jwks = jose.createRemoteJWKSet(new URL(`${url}/jwks`))
    const token = await issuer.mint()
    await verified(token, jwks)
    await faults.fault('jwks', { kind: 'status', status: 503 }, () => verified(token, jwks))
  })

  test('jose gives up on a slow JWKS when its time is up, and takes it when it is not', async (t) => {
    const { url, issuer, faults } = await served(t)
    const token = await issuer.mint()
    const hurried = jose.createRemoteJWKSet(new URL(`${url}/jwks`), { timeoutDuration: 50 })
    const patient = jose.createRemoteJWKSet(new URL(`${url}/jwks`))
    faults.set({ endpoint: 'jwks', kind: 'delay', delayMs: 1000, times: 1 })
    await assert.rejects(verified(token, hurried), { code: 'ERR_JWKS_TIMEOUT' })
    faults.set({ endpoint: 'jwks', kind: 'delay', delayMs: 20 })
    await verified(token, patient)
  })

  for (const fault of [
    ONE_OF_EACH.truncate,
    ONE_OF_EACH.emptyJwks,
    { endpoint: 'jwks', kind: 'malformed' },
    { endpoint: 'jwks', kind: 'reset' },
    { endpoint: 'jwks', kind: 'reset', afterBytes: 20 },
    ONE_OF_EACH.redirect,
  ] as const) {
    test(`jose and jwks-rsa have no key after ${JSON.stringify(fault)}, and have it once that is taken back`, async (t) => {
      const { url, issuer, faults, ring } = await served(t)
      const token = await issuer.mint()
      const { kid } = ring.signer(BEGIN)
      const viaJose = (): Promise<unknown> => verified(token, jose.createRemoteJWKSet(new URL(`${url}/jwks`)))
      const viaJwksRsa = (): Promise<unknown> => jwksRsa({ jwksUri: `${url}/jwks` }).getSigningKey(kid)
      await faults.fault('jwks', fault, async () => {
        await assert.rejects(viaJose())
        await assert.rejects(viaJwksRsa())
      })
      await viaJose()
      await viaJwksRsa()
    })
  }

  test('a rotation whose key stays unknown is refused by jose and accepted once it shows', async (t) => {
    const { url, issuer, faults, ring, pass } = await served(t)
    faults.set({ endpoint: 'jwks', kind: 'unknownKid', seconds: 30 })
    const jwks = jose.createRemoteJWKSet(new URL(`${url}/jwks`), { cooldownDuration: 0 })
    await ring.rotate(BEGIN)
    const token = await issuer.mint()
    const verify = (): Promise<unknown> => verified(token, jwks)
    await assert.rejects(verify(), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    pass(30)
    await verify()
  })
})

/** As a client whose clock stands where the issuer's does. */
function verified(token: string, jwks: jose.JWTVerifyGetKey): Promise<unknown> {
  return jose.jwtVerify(token, jwks, { currentDate: new Date(BEGIN_MS) })
}

async function withFault(fault: FaultDefinition): Promise<HttpResponse> {
  const { faults, get } = await aFaultyIssuer()
  faults.set(fault)
  return get('/jwks')
}

async function textOfJwks(): Promise<string> {
  const { get } = await aFaultyIssuer()
  return textOf(await get('/jwks'))
}

async function statuses(get: FaultyIssuer['get'], count: number): Promise<readonly number[]> {
  const seen: number[] = []
  while (seen.length < count) seen.push((await get('/jwks')).status)
  return seen
}

async function served(t: TestContext): Promise<FaultyIssuer & { readonly url: string }> {
  const faulty = await aFaultyIssuer()
  const server = await serve({ listen: '127.0.0.1:0', handler: faulty.issuer.handler, closeDeadlineMs: 20 })
  t.after(() => server.close())
  return { ...faulty, url: server.url }
}
