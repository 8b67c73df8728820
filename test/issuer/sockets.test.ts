import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import type { HttpRequest } from '../../src/core/exchange.ts'
import { createIssuer, type Issuer, type IssuerHooks } from '../../src/issuer/issuer.ts'
import { DEFAULT_ISSUER_SETTINGS } from '../../src/issuer/settings.ts'
import { systemClock } from '../../src/core/time.ts'
import { createKeyRing, type KeyRing } from '../../src/keys/ring/key-ring.ts'
import { serve } from '../../src/wire/server.ts'

suite('an issuer behind a socket', () => {
  test('is believed by jwks-rsa and jsonwebtoken, and counts their fetches', async () => {
    await using served = await aServedIssuer()
    const { issuer, url, ring } = served
    const client = new JwksClient({
      jwksUri: `${url}/.well-known/jwks.json`,
      requestHeaders: { 'User-Agent': 'service-under-test/1' },
    })
    const verify = async (token: string): Promise<unknown> => {
      const { header } = jsonwebtoken.decode(token, { complete: true }) ?? assert.fail('not a token')
      const key = await client.getSigningKey(header.kid)
      return jsonwebtoken.verify(token, key.getPublicKey(), {
        algorithms: ['RS256'],
        audience: url,
        issuer: url,
      })
    }
    await verify(await clientToken(url))
    await verify(await clientToken(url))
    assert.deepEqual(issuer.counters, {
      requests: { token: 2, jwks: 1 },
      jwksFetches: [{ address: undefined, userAgent: 'service-under-test/1', count: 1 }],
    })
    await ring.rotate(seconds(), { leadSeconds: 0 })
    await verify(await clientToken(url))
    assert.equal(issuer.counters.jwksFetches[0]?.count, 2)
    await assert.rejects(verify(await issuer.mint({ tamper: 'unknownKey' })), /Unable to find a signing key/)
    await assert.rejects(verify(await issuer.mint({ tamper: 'wrongSignature' })), /invalid signature/)
    issuer.reset()
    assert.deepEqual(issuer.counters, { requests: {}, jwksFetches: [] })
  })

  test('refuses 50 MB without keeping them from others', async () => {
    await using served = await aServedIssuer()
    const body = Buffer.alloc(50_000_000, 'a=b&')
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const answer = await fetch(`${served.url}/token`, { method: 'POST', body, headers })
    assert.equal(answer.status, 400)
    assert.deepEqual(await answer.json(), {
      error: 'invalid_request',
      error_description: 'The content is larger than 1 MiB.',
    })
    await clientToken(served.url)
  })

  test('lets a fault answer in its place, with or without its own answer', async () => {
    const seen: string[] = []
    await using served = await aServedIssuer({
      onRequest: (endpoint, { method }) => seen.push(`${method} ${endpoint}`),
      remoteAddress: (request: HttpRequest) => request.authority,
      fault: async (endpoint, _request, answer) => {
        const own = await answer()
        return endpoint === 'jwks' ? { ...own, body: own.body.subarray(0, 10) } : own
      },
    })
    const jwks = await fetch(`${served.url}/jwks`)
    assert.equal(await jwks.text(), '{"keys":[{')
    assert.equal(jwks.headers.get('access-control-allow-origin'), '*')
    assert.equal((await fetch(`${served.url}/token`)).status, 405)
    assert.deepEqual(seen, ['GET jwks', 'GET token'])
    assert.equal(served.issuer.counters.jwksFetches[0]?.address, new URL(served.url).host)
  })

  test('answers 404 to paths that are not its own, and leaves them to others', async () => {
    await using served = await aServedIssuer()
    const answer = await fetch(`${served.url}/token/`)
    assert.equal(answer.status, 404)
    assert.equal(((await answer.json()) as { error: string }).error, 'not_found')
    assert.equal(served.issuer.answer(aGet('/other')), undefined)
    assert.notEqual(served.issuer.answer(aGet('http://elsewhere.example/jwks?x')), undefined)
  })
})

interface ServedIssuer extends AsyncDisposable {
  readonly url: string
  readonly issuer: Issuer
  readonly ring: KeyRing
}

async function aServedIssuer(hooks: IssuerHooks = {}): Promise<ServedIssuer> {
  const ring = await createKeyRing({ now: seconds() })
  let issuer: Issuer | undefined
  const errors: unknown[] = []
  const server = await serve({
    listen: '127.0.0.1:0',
    handler: (request) => issuer?.handler(request) ?? assert.fail('too early'),
    onError: (error) => errors.push(error),
  })
  issuer = createIssuer({ ...DEFAULT_ISSUER_SETTINGS, issuer: server.url }, ring, systemClock, hooks)
  return {
    url: server.url,
    issuer,
    ring,
    [Symbol.asyncDispose]: async () => {
      await server.close()
      assert.deepEqual(errors, [])
    },
  }
}

async function clientToken(url: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' })
  const answer = await fetch(`${url}/token`, { method: 'POST', body: form })
  assert.equal(answer.status, 200)
  return ((await answer.json()) as { access_token: string }).access_token
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}

function aGet(target: string): HttpRequest {
  const empty = new Uint8Array()
  return {
    scheme: 'http',
    authority: 'x',
    method: 'GET',
    target,
    httpVersion: '1.1',
    headers: [],
    body: empty,
    trailers: [],
  }
}
