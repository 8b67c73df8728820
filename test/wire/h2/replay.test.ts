import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect, createServer, type AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { test, type TestContext } from 'node:test'
import type { HttpRequest, HttpResponse } from '../../../src/core/exchange.ts'
import { serve, type ServeOptions } from '../../../src/wire/server.ts'
import { aResponse } from '../../support/a-pair.ts'
import { ask, http2Client } from '../../support/http2-peers.ts'
import { rawSocket } from '../../support/raw-socket.ts'
import { LOCALHOST } from '../../support/tls-fixture.ts'

test('a request over HTTP/2 reaches the handler with its content and trailers, and its answer is written in order', async (t) => {
  const seen: HttpRequest[] = []
  const answer = await asked(t, (request) => {
    seen.push(request)
    return aResponse({
      headers: [
        ['X-B', '1'],
        ['Connection', 'X-Hop'],
        ['X-Hop', '1'],
        ['Set-Cookie', 'a'],
        ['Content-Length', '99'],
        ['set-cookie', 'caf\xe9'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: 'answer',
      trailers: [['X-Sum', '1']],
      interim: [{ status: 103, reason: '', headers: [['Link', '<a>']], atMs: 1 }],
    })
  })
  assert.deepEqual(answer, {
    interim: [[':status', '103', 'link', '<a>']],
    head: [':status', '200', 'x-b', '1', 'set-cookie', 'a', 'content-length', '6', 'set-cookie', 'caf\xe9'],
    body: 'answer',
    trailers: ['x-sum', '1'],
    rstCode: 0,
  })
  const [request] = seen
  assert.deepEqual(
    [request?.scheme, request?.authority, request?.target, request?.httpVersion],
    ['https', 'api.example', '/a?b', '2'],
  )
  assert.equal(Buffer.from(request?.body ?? []).toString('latin1'), 'question\xff')
  assert.deepEqual(request?.trailers, [['x-t', '1']])
})

for (const [cut, delivery] of [
  ['broke off', { cut: 'close' }],
  ['is to be reset in the middle', { resetAfterBytes: 3 }],
] as const) {
  test(`an answer that ${cut} ends with a reset, and never looks whole`, async (t) => {
    const { body, rstCode } = await asked(t, () => aResponse({ body: 'answer', delivery }))
    assert.equal(body, cut === 'broke off' ? 'answer' : 'ans')
    assert.equal(rstCode, constants.NGHTTP2_INTERNAL_ERROR)
  })
}

test('a delay and a pace hold over HTTP/2', async (t) => {
  const startedMs = performance.now()
  const delivery = { delayMs: 20, bytesPerSecond: 100 }
  assert.equal((await asked(t, () => aResponse({ body: 'ten bytes.', delivery }))).body, 'ten bytes.')
  assert.ok(performance.now() - startedMs >= 115)
})

test('a recorded WebSocket is 426 over HTTP/2, a tunnel 501, and a handler that fails 500', async (t) => {
  assert.equal((await asked(t, () => aResponse({ status: 101, frames: [] }))).head[1], '426')
  const failing = await asked(t, () => {
    throw new Error('secret')
  })
  assert.equal(failing.head[1], '500')
  assert.doesNotMatch(failing.body, /secret/)
  const session = await serving(t, () => aResponse())
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'x:1' })
  const [headers]: unknown[] = await once(stream, 'response')
  assert.equal(Object(headers)[':status'], 501)
})

test('more content than allowed is a 413', async (t) => {
  const { head } = await asked(t, () => aResponse(), { maxRequestBytes: 4 })
  assert.equal(head[1], '413')
})

test('a client that holds back its content is told so after the time it has', async (t) => {
  // It is the limit of the TLS handshake too.
  const session = await serving(t, () => aResponse(), { clientTimeoutMs: 1000 })
  const stream = session.request([':method', 'POST', ':path', '/'])
  stream.write('a')
  const [headers]: unknown[] = await once(stream, 'response')
  assert.equal(Object(headers)[':status'], 408)
  stream.close()
})

test('HTTP/1.1 is spoken on the same listener to those that ask for nothing else', async (t) => {
  const server = await serve({
    listen: ':0',
    tls: LOCALHOST,
    handler: ({ scheme }) => aResponse({ body: scheme }),
  })
  t.after(() => server.close())
  const client = rawSocket(connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false }))
  t.after(() => client.socket.destroy())
  await once(client.socket, 'secureConnect')
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until('https')
  client.send('GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n')
  assert.match((await client.closed()).text, /^HTTP\/1\.1 200 OK\r\n[^]*HTTP\/1\.1 400 /)
})

test('a client that only connects holds nobody up when the server closes', async (t) => {
  const server = await serve({
    listen: ':0',
    tls: LOCALHOST,
    handler: () => aResponse(),
    closeDeadlineMs: 50,
  })
  const idle = await http2Client(t, server.port)
  const closed = once(idle, 'close')
  const silent = connect(server.port, '127.0.0.1')
  await once(silent, 'connect')
  await server.close()
  await closed
  silent.destroy()
})

test('a client that is too slow with its TLS handshake is cut off', { timeout: 20_000 }, async (t) => {
  const server = await serve({
    listen: ':0',
    tls: LOCALHOST,
    clientTimeoutMs: 40,
    handler: () => aResponse(),
  })
  t.after(() => server.close())
  // Between the client and the server, whose second flight is held back until nobody waits for it.
  const cut = Promise.withResolvers<boolean>()
  const between = createServer((client) => {
    const socket = connect(server.port, '127.0.0.1')
    client.once('data', (hello: Buffer) => socket.write(hello))
    client.on('error', () => {})
    socket.pipe(client)
    socket.once('close', () => {
      cut.resolve(socket.bytesRead > 0)
      client.destroy()
    })
  }).listen(0, '127.0.0.1')
  t.after(() => between.close())
  await once(between, 'listening')
  const { port } = between.address() as AddressInfo
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  t.after(() => session.destroy())
  assert.equal(await cut.promise, true, 'it was answered before')
})

async function serving(
  t: TestContext,
  handler: (request: HttpRequest) => HttpResponse,
  options: Partial<ServeOptions> = {},
) {
  const server = await serve({ listen: ':0', tls: LOCALHOST, handler, closeDeadlineMs: 100, ...options })
  t.after(() => server.close())
  return http2Client(t, server.port)
}

async function asked(
  t: TestContext,
  handler: (request: HttpRequest) => HttpResponse,
  options: Partial<ServeOptions> = {},
) {
  const session = await serving(t, handler, options)
  return ask(session, [':method', 'POST', ':path', '/a?b'], 'question\xff', { 'x-t': '1' })
}
