import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isLoopback } from '../../src/control/access.ts'
import { aControl, fieldOf, PORT } from './support/a-control.ts'

const TOKEN = 'a-token-that-was-printed-at-start'

suite('on loopback', () => {
  for (const authority of [
    `127.0.0.1:${PORT}`,
    `localhost:${PORT}`,
    `LocalHost:${PORT}`,
    `[::1]:${PORT}`,
    `127.8.9.1:${PORT}`,
  ]) {
    test(`the Host ${authority} is ours`, async () => {
      const { send } = await aControl()
      assert.equal((await send({ target: '/live', authority })).status, 200)
    })
  }

  for (const authority of [
    '',
    'localhost',
    '127.0.0.1:80',
    '127.0.0.1:9101',
    `evil.example:${PORT}`,
    `localhost.evil.example:${PORT}`,
    `127.0.0.1.evil.example:${PORT}`,
    `127.0.0.1@evil.example:${PORT}`,
    `evil.example#localhost:${PORT}`,
    `localhost.:${PORT}`,
    `[::ffff:10.0.0.1]:${PORT}`,
    `0.0.0.0:${PORT}`,
    `2130706433:${PORT}`,
    `127.0.0.1:${PORT}:${PORT}`,
    ` 127.0.0.1:${PORT}`,
  ]) {
    test(`the Host ${JSON.stringify(authority)} is not ours (DNS rebinding)`, async () => {
      const { send, faults } = await aControl()
      const reply = await send({
        method: 'POST',
        target: '/v1/issuers/main/faults',
        authority,
        headers: [['Content-Type', 'application/json']],
        body: '{"endpoint":"jwks","kind":"emptyJwks"}',
      })
      assert.deepEqual(
        [reply.status, reply.json],
        [
          421,
          {
            error: {
              code: 'HOST_REFUSED',
              message: 'The Host of the request is not this listener.',
              hint: `Ask for http://127.0.0.1:${PORT} or http://localhost:${PORT}.`,
            },
          },
        ],
      )
      assert.deepEqual(faults.list(), [])
    })
  }

  test('a listener on port 80 is named without a port', async () => {
    const { send } = await aControl({ port: () => 80 })
    assert.equal((await send({ target: '/live', authority: 'localhost' })).status, 200)
  })

  test('a page of our own may ask', async () => {
    const { send } = await aControl()
    const headers = [
      ['Origin', `http://127.0.0.1:${PORT}`],
      ['Sec-Fetch-Site', 'same-origin'],
    ] as const
    const reply = await send({ method: 'POST', target: '/v1/issuers/main/reset', headers })
    assert.equal(reply.status, 204)
  })

  for (const headers of [
    [['Origin', 'https://evil.example']],
    [['Origin', 'null']],
    [['Origin', '']],
    [['Origin', 'http://127.0.0.1:9101']],
    [['Origin', `http://localhost:${PORT}`]],
    [['Origin', `http://127.0.0.1:${PORT}.evil.example`]],
    [
      ['Origin', `http://127.0.0.1:${PORT}`],
      ['origin', 'https://evil.example'],
    ],
    [['Sec-Fetch-Site', 'cross-site']],
    [['Sec-Fetch-Site', 'same-site']],
  ] as const) {
    test(`a page of another origin may not: ${JSON.stringify(headers)}`, async () => {
      const { send, ring } = await aControl()
      const before = ring.dueAt
      const reply = await send({ method: 'POST', target: '/v1/issuers/main/rotate', headers })
      assert.equal(reply.status, 403)
      assert.deepEqual(reply.json, {
        error: {
          code: 'ORIGIN_REFUSED',
          message: 'The request comes from a web page of another origin.',
          hint: 'Ask from a program, or from a page that this listener serves.',
        },
      })
      assert.equal(ring.dueAt, before)
    })
  }

  test('no answer ever has a CORS field', async () => {
    const { send } = await aControl()
    for (const request of [
      { target: '/v1/issuers' },
      { target: '/v1/issuers', headers: [['Origin', `http://127.0.0.1:${PORT}`]] as const },
      { target: '/v1/issuers', headers: [['Origin', 'https://evil.example']] as const },
      {
        method: 'OPTIONS',
        target: '/v1/issuers/main/faults',
        headers: [['Access-Control-Request-Method', 'POST']] as const,
      },
      { target: '/nowhere' },
    ]) {
      const { response } = await send(request)
      assert.deepEqual(
        response.headers.filter(([name]) => /^access-control/i.test(name)),
        [],
      )
    }
  })

  test('a token is not asked for', async () => {
    const { ask } = await aControl({ token: TOKEN })
    assert.equal((await ask('GET', '/v1/issuers')).status, 200)
  })
})

suite('on any other address', () => {
  test('there is no API without a token', async () => {
    for (const token of [undefined, '']) {
      await assert.rejects(aControl({ host: '0.0.0.0', token }), {
        code: 'USAGE',
        message: 'The control API cannot listen on 0.0.0.0 without a token',
      })
    }
  })

  test('the token is demanded of everybody, and Host may be any name', async () => {
    const { send } = await aControl({ host: '0.0.0.0', token: TOKEN })
    const authority = 'reseal.test:9100'
    for (const target of ['/v1/issuers', '/live', '/openapi.json', '/nowhere']) {
      const reply = await send({ authority, target })
      assert.deepEqual(
        [reply.status, fieldOf(reply, 'www-authenticate')],
        [401, 'Bearer realm="reseal control"'],
      )
    }
    for (const value of [`Bearer ${TOKEN}`, `bearer  ${TOKEN}`]) {
      const reply = await send({ authority, target: '/v1/issuers', headers: [['Authorization', value]] })
      assert.equal(reply.status, 200)
    }
  })

  for (const headers of [
    [['Authorization', `Bearer ${TOKEN}x`]],
    [['Authorization', `Bearer ${TOKEN.slice(1)}`]],
    [['Authorization', 'Bearer']],
    [['Authorization', `Basic ${TOKEN}`]],
    [['Authorization', TOKEN]],
    [
      ['Authorization', `Bearer ${TOKEN}`],
      ['Authorization', 'Bearer other'],
    ],
  ] as const) {
    test(`other credentials are refused and not repeated: ${JSON.stringify(headers)}`, async () => {
      const { send } = await aControl({ host: '0.0.0.0', token: TOKEN })
      const reply = await send({ target: '/v1/issuers', headers })
      assert.deepEqual(
        [reply.status, fieldOf(reply, 'www-authenticate')],
        [401, 'Bearer realm="reseal control", error="invalid_token"'],
      )
      assert.ok(!JSON.stringify(reply.json).includes(TOKEN.slice(1)))
    })
  }

  test('a page of another origin may not ask even with the token', async () => {
    const { send } = await aControl({ host: '0.0.0.0', token: TOKEN })
    const headers = [
      ['Authorization', `Bearer ${TOKEN}`],
      ['Origin', 'https://evil.example'],
    ] as const
    assert.equal((await send({ target: '/v1/issuers', headers })).status, 403)
  })
})

test('loopback is what only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.255.0.1', '::1', 'localhost', 'LOCALHOST'])
    assert.ok(isLoopback(host), host)
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.evil.example',
    '127.1',
    'localhost.example',
    '',
    '::ffff:127.0.0.1',
  ]) {
    assert.ok(!isLoopback(host), host)
  }
})
