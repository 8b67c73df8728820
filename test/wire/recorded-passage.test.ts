import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { HttpResponse } from '../../src/core/exchange.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import type { ServeOptions } from '../../src/wire/server.ts'
import { rawClient } from '../support/raw-socket.ts'
import { servingWith, tenBytes, timers } from '../support/ten-bytes.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
/** Longer than any test takes. */
const FOR_EVER_MS = 3_600_000
const STREAM = {
  headers: [
    ['Content-Type', 'text/event-stream'],
    ['Transfer-Encoding', 'chunked'],
  ],
  body: Buffer.from('data: 1\n\ndata: 2\n\n'),
  chunks: [
    { endBytes: 9, atMs: 10 },
    { endBytes: 18, atMs: FOR_EVER_MS },
  ],
} as const
const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'

test('interim responses come first, byte for byte, but not to HTTP/1.0; a 100 is the matter of the request', async (t) => {
  const server = await serving(t, {
    interim: [
      { status: 100, reason: 'Continue', headers: [], atMs: 0 },
      {
        status: 103,
        reason: 'Early Hints',
        headers: [
          ['Link', '<\xe9>'],
          ['Connection', 'close'],
        ],
        atMs: FOR_EVER_MS,
      },
      { status: 102, reason: '', headers: [], atMs: FOR_EVER_MS },
    ],
  })
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n0123456789'
  assert.equal(
    await answer(t, server, GET),
    `HTTP/1.1 103 Early Hints\r\nLink: <\xe9>\r\n\r\nHTTP/1.1 102 \r\n\r\n${whole}`,
  )
  assert.equal(await answer(t, server, 'GET / HTTP/1.0\r\n\r\n'), whole)
})

test('interim responses wait for the answers before theirs on the connection', async (t) => {
  const first = Promise.withResolvers<HttpResponse>()
  const server = await servingWith(t, {
    handler: ({ target }) =>
      target === '/first'
        ? first.promise
        : tenBytes({ interim: [{ status: 103, reason: 'Early Hints', headers: [], atMs: 0 }] }),
  })
  const client = await rawClient(t, server.port)
  client.send(`GET /first HTTP/1.1\r\nHost: x\r\n\r\n${GET}`)
  // Another connection's answer gives the interim response every chance to come too early.
  await answer(t, server, GET)
  assert.equal(client.text(), '')
  first.resolve(tenBytes({}))
  assert.match((await client.closed()).text, /0123456789HTTP\/1\.1 103 Early Hints\r\n\r\nHTTP\/1\.1 200 OK/)
})

test('a stream of events leaves in its recorded pieces, without the recorded waits', async (t) => {
  const server = await serving(t, STREAM)
  assert.equal(
    await answer(t, server, GET),
    `${STREAM_HEAD}9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n`,
  )
})

test('plain content leaves at once, whatever pieces it came in', async (t) => {
  const server = await serving(t, { ...STREAM, headers: [['Transfer-Encoding', 'chunked']] })
  assert.match(await answer(t, server, GET), /\r\n12\r\ndata: 1\n\ndata: 2\n\n\r\n0\r\n\r\n$/)
})

test('at a pace, head, pieces and end come at their recorded times, so many times as fast', async (t) => {
  const server = await serving(t, {
    chunks: [
      { endBytes: 4, atMs: 400 },
      { endBytes: 10, atMs: 800 },
    ],
    delivery: { pace: 10, headAtMs: 200, endAtMs: 1200 },
  })
  const client = await rawClient(t, server.port)
  const startedMs = performance.now()
  const sinceStart = (): number => performance.now() - startedMs
  client.send(GET)
  await client.until('HTTP/1.1')
  assert.ok(sinceStart() >= 19, `the head came after ${sinceStart()} ms`)
  await client.until('0123')
  assert.ok(sinceStart() >= 39, `the first piece came after ${sinceStart()} ms`)
  await client.until('456789')
  assert.ok(sinceStart() >= 79, `the second piece came after ${sinceStart()} ms`)
  await client.closed()
  assert.ok(sinceStart() >= 119, `the end came after ${sinceStart()} ms`)
})

test('a client that leaves in the middle of a wait stops it', async (t) => {
  const server = await serving(t, { ...STREAM, delivery: { pace: 1 } })
  const before = timers()
  const client = await rawClient(t, server.port)
  client.send(GET)
  await client.until('data: 1')
  assert.equal(timers(), before + 1)
  client.socket.destroy()
  while (timers() > before) await new Promise((resolve) => setImmediate(resolve))
})

test('a cut answer keeps the length it would have had, and ends with a reset or a close', async (t) => {
  for (const cut of ['reset', 'close'] as const) {
    const server = await serving(t, { headers: [['Content-Length', '99']], delivery: { cut } })
    const client = await rawClient(t, server.port)
    client.send(GET)
    assert.deepEqual(await client.closed(), {
      text: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n0123456789',
      failed: cut === 'reset',
    })
  }
})

test('a cut answer of which only the head was here gives the head', async (t) => {
  const headers = [['Transfer-Encoding', 'chunked']] as const
  const server = await serving(t, { headers, body: Buffer.alloc(0), delivery: { cut: 'close' } })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    failed: false,
  })
})

test('where only a close would end the content, an answer is never cut by one', async (t) => {
  const server = await serving(t, { headers: [], delivery: { cut: 'close', untilClose: true } })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), {
    text: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789',
    failed: true,
  })
})

test('content that ended with its connection does so again', async (t) => {
  const server = await serving(t, { headers: [], delivery: { untilClose: true } })
  assert.equal(await answer(t, server, GET), 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789')
})

test('a held stream stays open until its client leaves, and closing the server does not wait for it', async (t) => {
  const server = await serving(t, { ...STREAM, delivery: { cut: 'hold' } }, { closeDeadlineMs: FOR_EVER_MS })
  const client = await rawClient(t, server.port)
  client.send(GET)
  await client.until('data: 2')
  await answer(t, server, 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n')
  assert.equal(client.socket.destroyed, false)
  await server.close()
  assert.ok(!(await client.closed()).text.includes('0\r\n\r\n'))
})

test('a request that waits for a 100 gets its refusal instead, before its content', async (t) => {
  const server = await serving(
    t,
    {},
    {
      refuse: ({ target }) => (target === '/no' ? tenBytes({ status: 417 }) : undefined),
    },
  )
  const head = (path: string): string =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`
  assert.match(await answer(t, server, head('/no')), /^HTTP\/1\.1 417 OK\r\n/)
  const client = await rawClient(t, server.port)
  client.send(head('/yes'))
  assert.equal(await client.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.send('body')
  await client.until('0123456789')
})

async function answer(t: TestContext, server: RunningServer, request: string): Promise<string> {
  const client = await rawClient(t, server.port)
  client.send(request)
  return (await client.closed()).text
}

function serving(
  t: TestContext,
  response: Partial<HttpResponse>,
  options: Partial<ServeOptions> = {},
): Promise<RunningServer> {
  return servingWith(t, { handler: () => tenBytes(response), ...options })
}
