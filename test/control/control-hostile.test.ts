import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { createControlApi } from '../../src/control/control-api.ts'
import { MAX_CONTENT_BYTES } from '../../src/control/json-content.ts'
import { serve } from '../../src/wire/server.ts'
import { rawClient } from '../support/raw-socket.ts'
import { aControl, aFaultyIssuer, type ControlReply, type TestControl } from './support/a-control.ts'

const JSON_TYPE = ['Content-Type', 'application/json'] as const

/** Every operation that takes content, with content that it takes. */
const GOOD: Readonly<Record<string, Record<string, unknown>>> = {
  'POST /v1/issuers/main/rotate': { leadSeconds: 5 },
  'POST /v1/issuers/main/mint': {
    claims: { a: 1 },
    raw: true,
    ttlSeconds: 5,
    clientId: 'c',
    user: 'u',
    scope: 's',
    tamper: 'expired',
  },
  'POST /v1/issuers/main/tampers': { endpoint: 'token', tamper: 'expired', count: 1, kind: 'access' },
  'POST /v1/issuers/main/faults': {
    endpoint: 'token',
    kind: 'status',
    status: 503,
    retryAfterSeconds: 1,
    times: 1,
    probability: 0.5,
    seed: 1,
  },
  'PUT /v1/issuers/main/clients/c': {
    secret: 's',
    jwks: { keys: [] },
    redirectUris: ['http://127.0.0.1/'],
    postLogoutRedirectUris: [],
    authMethod: 'none',
    grants: ['password'],
    accessTokens: 'jwt',
    audience: ['a'],
    claims: {},
  },
  'PUT /v1/issuers/main/users/u': { password: 'p', email: 'e', username: 'n', claims: {} },
}

/** One value of each type, and of each type some that are seldom thought of. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  'x'.repeat(100_000),
  '\r\nSet-Cookie: a=b',
  '\u0000\ud800\u202e',
  '__proto__',
  'constructor',
  [],
  [[]],
  [null],
  {},
  { keys: 1 },
  { keys: [null] },
  { keys: [{ kty: 'RSA', n: '', e: '' }] },
]

suite('content', () => {
  test('that is good is taken everywhere, so that what follows is about what is strange in it', async () => {
    for (const [operation, content] of Object.entries(GOOD)) {
      assert.ok((await askFor(await aControl(), operation, JSON.stringify(content))).status < 300, operation)
    }
  })

  for (const [operation, good] of Object.entries(GOOD)) {
    test(`with a wrong type in each member is refused or taken, and never a failure: ${operation}`, async () => {
      const control = await aControl()
      for (const name of [...Object.keys(good), 'unknown', '__proto__', 'constructor', 'toString']) {
        for (const value of STRANGE) {
          const content = JSON.stringify({ ...good, [name]: value })
          assertToldCleanly(await askFor(control, operation, content), `${name}: ${content.slice(0, 200)}`)
        }
      }
      for (const value of STRANGE) {
        assertToldCleanly(
          await askFor(control, operation, JSON.stringify(value)),
          JSON.stringify(value).slice(0, 200),
        )
      }
      for (const list of ['keys', 'faults', 'clients', 'users', 'counters']) {
        assert.equal((await control.ask('GET', `/v1/issuers/main/${list}`)).status, 200)
      }
    })

    test(`that is no JSON is refused: ${operation}`, async () => {
      const control = await aControl()
      for (const body of [
        '{',
        '{"a":}',
        "{'a':1}",
        'NaN',
        '{}{}',
        '\u0000',
        '\ufeff',
        '{"a":1,}',
        Buffer.from([0xff, 0xfe, 0x7b]),
      ]) {
        const reply = await askFor(control, operation, body)
        assert.equal(reply.status, 400, String(body))
      }
    })

    test(`10,000 deep is refused: ${operation}`, async () => {
      const control = await aControl()
      const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
      for (const body of [deep, `{"claims":${deep}}`, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`]) {
        const reply = await askFor(control, operation, body)
        assert.equal(reply.status, 400)
        assert.match(JSON.stringify(reply.json), /The JSON is nested more than 64 deep\./)
      }
    })

    test(`of half a million lists side by side or within each other is refused: ${operation}`, async () => {
      const control = await aControl()
      assert.equal((await askFor(control, operation, '['.repeat(MAX_CONTENT_BYTES))).status, 400)
      const half = MAX_CONTENT_BYTES / 2
      assert.equal((await askFor(control, operation, '['.repeat(half) + ']'.repeat(half))).status, 400)
      assert.equal((await askFor(control, operation, `[${'[],'.repeat(300_000)}[]]`)).status, 400)
    })
  }

  test('past 1 MiB is refused', async () => {
    const reply = await askFor(
      await aControl(),
      'POST /v1/issuers/main/mint',
      ' '.repeat(MAX_CONTENT_BYTES + 1),
    )
    assert.equal(reply.status, 413)
  })

  test('is not asked for where a route takes none', async () => {
    const control = await aControl()
    for (const operation of [
      'GET /live',
      'GET /v1/issuers',
      'POST /v1/issuers/main/reset',
      'DELETE /v1/issuers/main/faults',
    ]) {
      const reply = await askFor(control, operation, '{}')
      assert.equal(reply.status, 400, operation)
    }
  })

  test('that is missing where a route needs some is asked for', async () => {
    const reply = await (await aControl()).ask('POST', '/v1/issuers/main/faults')
    assert.deepEqual(reply.json, {
      error: {
        code: 'CONTENT_INVALID',
        message: 'The request has no content.',
        hint: 'See GET /openapi.json for what each request takes.',
      },
    })
  })

  test('with a claim named __proto__ changes no prototype', async () => {
    const reply = await askFor(
      await aControl(),
      'POST /v1/issuers/main/mint',
      '{"claims":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
    )
    assert.ok(reply.status < 500)
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json5',
    'text/json',
    'application/jsonx',
    'application/json; charset=utf-16',
    'text/plain; application/json',
    '',
  ]) {
    test(`as ${JSON.stringify(type)} is refused, empty or not`, async () => {
      const { send, faults } = await aControl()
      for (const body of ['{"endpoint":"jwks","kind":"emptyJwks"}', '']) {
        const reply = await send({
          method: 'POST',
          target: '/v1/issuers/main/faults',
          headers: [['Content-Type', type]],
          body,
        })
        assert.equal(reply.status, 415)
      }
      assert.deepEqual(faults.list(), [])
    })
  }

  test('without a type, with two, or in a content coding is refused', async () => {
    const { send } = await aControl()
    for (const headers of [[], [JSON_TYPE, JSON_TYPE], [JSON_TYPE, ['Content-Encoding', 'gzip']]] as const) {
      const reply = await send({ method: 'POST', target: '/v1/issuers/main/rotate', headers, body: '{}' })
      assert.equal(reply.status, 415)
    }
  })

  test('as application/json in UTF-8 is taken, however that is spelt', async () => {
    const { send } = await aControl()
    for (const type of [
      'application/json',
      'Application/JSON;charset=UTF-8',
      'application/json ; charset="utf-8"',
    ]) {
      const reply = await send({
        method: 'POST',
        target: '/v1/issuers/main/mint',
        headers: [['content-type', type]],
        body: '{}',
      })
      assert.equal(reply.status, 200, type)
    }
  })
})

test('no message repeats a value, which may be a password', async () => {
  const control = await aControl()
  const secret = 'hunter2-hunter2'
  for (const [operation, content] of [
    ['PUT /v1/issuers/main/users/u', { password: [secret] }],
    ['PUT /v1/issuers/main/clients/c', { secret: { value: secret } }],
    ['PUT /v1/issuers/main/clients/c', { authMethod: secret }],
    ['PUT /v1/issuers/main/clients/c', { jwks: secret }],
    ['POST /v1/issuers/main/faults', { endpoint: 'jwks', kind: 'redirect', location: `\n${secret}` }],
    ['POST /v1/issuers/main/faults', { endpoint: 'jwks', kind: secret }],
  ] as const) {
    const reply = await askFor(control, operation, JSON.stringify(content))
    assert.equal(reply.status, 400)
    assert.ok(!JSON.stringify(reply.json).includes(secret), operation)
  }
  const broken = await askFor(control, 'PUT /v1/issuers/main/users/u', `{"password":"${secret}`)
  assert.ok(!JSON.stringify(broken.json).includes(secret))
})

test('ids that look like paths, fields or names of JavaScript lead nowhere', async () => {
  const { ask } = await aControl()
  for (const id of [
    '..',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '__proto__',
    'constructor',
    '%00',
    '%0d%0aSet-Cookie:a',
    '%ff',
    '%',
    'x'.repeat(50_000),
  ]) {
    for (const [method, path] of [
      ['GET', `/v1/issuers/${id}`],
      ['POST', `/v1/issuers/main/keys/${id}/expire`],
      ['DELETE', `/v1/issuers/main/faults/${id}`],
      ['DELETE', `/v1/issuers/main/clients/${id}`],
      ['DELETE', `/v1/issuers/main/users/${id}`],
    ] as const) {
      assert.equal((await ask(method, path)).status, 404, `${method} ${path.slice(0, 100)}`)
    }
  }
})

suite('over a socket', () => {
  test('a client is served, and a page whose name resolves to us is not', async (t) => {
    const { url, port } = await servedControl(t)
    const response = await fetch(`${url}/v1/issuers/main/faults`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"endpoint":"jwks","kind":"emptyJwks"}',
    })
    assert.equal(response.status, 201)
    const rebound = await rawClient(t, port)
    rebound.send(`GET /v1/issuers HTTP/1.1\r\nHost: evil.example:${port}\r\nConnection: close\r\n\r\n`)
    assert.match((await rebound.closed()).text, /^HTTP\/1\.1 421 Misdirected Request\r\n/)
  })

  test('HEAD is answered like GET, without content', async (t) => {
    const { port } = await servedControl(t)
    const client = await rawClient(t, port)
    client.send(`HEAD /live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    assert.match((await client.closed()).text, /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 14\r\n[^{]*$/s)
  })

  test('204 has neither content nor a length', async (t) => {
    const { port } = await servedControl(t)
    const client = await rawClient(t, port)
    client.send(
      `POST /v1/issuers/main/reset HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
    )
    const { text } = await client.closed()
    assert.match(text, /^HTTP\/1\.1 204 No Content\r\n.*\r\n\r\n$/s)
    assert.doesNotMatch(text, /content-length|transfer-encoding/i)
  })

  test('50 MB are refused without being kept, and the next client is served', async (t) => {
    const { url } = await servedControl(t)
    const response = await fetch(`${url}/v1/issuers/main/mint`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: new Blob([Buffer.alloc(50 * 1024 * 1024, '[')]),
    })
    assert.equal(response.status, 413)
    await response.arrayBuffer()
    assert.equal((await fetch(`${url}/live`)).status, 200)
  })
})

function askFor(
  control: TestControl,
  operation: string,
  body: string | Uint8Array | undefined,
): Promise<ControlReply> {
  const [method = '', target = ''] = operation.split(' ')
  return control.send({ method, target, headers: [JSON_TYPE], body: body ?? '' })
}

/** Taken, or refused with a sentence; a failure would have rejected. */
function assertToldCleanly({ status, json }: ControlReply, what: string): void {
  if (status < 300) return
  const { error } = json as { error: { code: string; message: string } }
  assert.ok(
    status >= 400 && status < 500 && error.code !== '' && error.message !== '',
    `${status} for ${what}`,
  )
  // eslint-disable-next-line no-control-regex -- none of these belongs in a sentence
  assert.doesNotMatch(error.message, /[\x00-\x1f]/)
}

async function servedControl(t: TestContext): Promise<{ readonly url: string; readonly port: number }> {
  const faulty = await aFaultyIssuer()
  let port = 0
  const handler = createControlApi({
    issuers: new Map([['main', faulty]]),
    host: '127.0.0.1',
    port: () => port,
    ready: () => ({ ready: true, reasons: [] }),
    clock: faulty.clock,
    version: '0.0.0',
  })
  const server = await serve({
    listen: '127.0.0.1:0',
    handler,
    maxRequestBytes: MAX_CONTENT_BYTES,
    closeDeadlineMs: 50,
    onError: (error) => t.diagnostic(String(error)),
  })
  t.after(() => server.close())
  port = server.port
  return { url: server.url, port }
}
