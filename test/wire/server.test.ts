import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { ResealError } from '../../src/core/errors.ts'
import type { Handler, HttpRequest, HttpResponse } from '../../src/core/exchange.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import { serve, type ServeOptions } from '../../src/wire/server.ts'
import { rawClient } from '../support/raw-socket.ts'

const KEPT = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n'

test('a response is written as given: reason, order, case, repeats and bytes above 0x7f, and no Date is added', async (t) => {
  const server = await serving(t, () =>
    aResponse({
      reason: 'Sure Th\xefng',
      headers: [
        ['x-B', '1'],
        ['Set-Cookie', 'a=1'],
        ['X-Latin', 'caf\xe9 \xc3\xa9'],
        ['set-cookie', 'b=2'],
        ['Content-Length', '3'],
        ['Content-Disposition', 'attachment; filename="\xe6\x97\xa5\xe9.txt"'],
        ['X-Empty', ''],
      ],
      body: Buffer.from('\x00\xff\x80', 'latin1'),
    }),
  )
  assert.equal(
    await answerTo(t, server, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    'HTTP/1.1 200 Sure Th\xefng\r\nx-B: 1\r\nSet-Cookie: a=1\r\nX-Latin: caf\xe9 \xc3\xa9\r\nset-cookie: b=2\r\n' +
      'Content-Length: 3\r\nContent-Disposition: attachment; filename="\xe6\x97\xa5\xe9.txt"\r\nX-Empty: \r\n' +
      'Connection: close\r\n\r\n\x00\xff\x80',
  )
})

test('a request reaches the handler byte for byte, with its trailers', async (t) => {
  const seen: HttpRequest[] = []
  const server = await serving(t, (request) => {
    seen.push(request)
    return aResponse({})
  })
  await answerTo(
    t,
    server,
    'POST /a/../b/%2e%2e/c//d?x#%F HTTP/1.1\r\nhOst: Example.com:81\r\nX-A: 1\r\nx-a: \xc3\xa9\r\nConnection: close\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n3\r\nab\xff\r\n2\r\ncd\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n',
  )
  const { connection, ...request } = seen[0] ?? {}
  assert.ok(connection !== undefined)
  assert.deepEqual(
    { ...request, body: Buffer.from(seen[0]?.body ?? []).toString('latin1') },
    {
      scheme: 'http',
      authority: 'Example.com:81',
      method: 'POST',
      target: '/a/../b/%2e%2e/c//d?x#%F',
      httpVersion: '1.1',
      headers: [
        ['hOst', 'Example.com:81'],
        ['X-A', '1'],
        ['x-a', '\xc3\xa9'],
        ['Connection', 'close'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: 'ab\xffcd',
      trailers: [
        ['X-T', '1'],
        ['x-t', '2'],
      ],
    },
  )
})

test('the authority of a target in absolute form goes before Host', async (t) => {
  const seen: HttpRequest[] = []
  const server = await serving(t, (request) => {
    seen.push(request)
    return aResponse({})
  })
  await answerTo(
    t,
    server,
    'GET http://real.example:9/p?q HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
  )
  assert.deepEqual([seen[0]?.authority, seen[0]?.target], ['real.example:9', 'http://real.example:9/p?q'])
})

test('a wrong Content-Length is put right, a missing one is added, and hop-by-hop fields stay with the recording', async (t) => {
  const responses = [
    aResponse({
      headers: [
        ['Content-Length', '99'],
        ['X-A', '1'],
      ],
      body: Buffer.from('four'),
    }),
    aResponse({ headers: [['X-A', '1']], body: Buffer.from('four') }),
    aResponse({
      headers: [
        ['Connection', 'close, X-Hop'],
        ['X-Hop', '1'],
        ['Keep-Alive', 'timeout=1'],
        ['Proxy-Authenticate', 'Basic'],
        ['Content-Length', '4'],
        ['content-length', '4'],
      ],
      body: Buffer.from('four'),
    }),
  ]
  const server = await serving(t, (request) => responses[Number(request.target.slice(1))] ?? aResponse({}))
  const client = await rawClient(t, server.port)
  const sent = 'HTTP/1.1 200 OK\r\n'
  const expected = [
    `${sent}Content-Length: 4\r\nX-A: 1\r\n${KEPT}\r\nfour`,
    `${sent}X-A: 1\r\nContent-Length: 4\r\n${KEPT}\r\nfour`,
    `${sent}Content-Length: 4\r\n${KEPT}\r\nfour`,
  ].join('')
  client.send([0, 1, 2].map((n) => `GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''))
  assert.equal(await client.until((text) => text.length >= expected.length), expected)
})

test('a chunked response stays chunked with its trailers, and is given a length for HTTP/1.0', async (t) => {
  const server = await serving(t, () =>
    aResponse({
      headers: [
        ['Trailer', 'X-Sum'],
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '7'],
      ],
      body: Buffer.from('hello'),
      trailers: [
        ['X-Sum', 'abc'],
        ['x-sum', '\xe9'],
      ],
    }),
  )
  assert.equal(
    await answerTo(t, server, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n' +
      '5\r\nhello\r\n0\r\nX-Sum: abc\r\nx-sum: \xe9\r\n\r\n',
  )
  assert.equal(
    await answerTo(t, server, 'GET / HTTP/1.0\r\n\r\n'),
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
  )
})

test('HEAD, 204 and 304 end with their head, and keep the connection and the recorded length', async (t) => {
  const server = await serving(t, ({ target }) =>
    target === '/204'
      ? aResponse({ status: 204, reason: 'No Content', headers: [['Transfer-Encoding', 'chunked']] })
      : aResponse({
          status: target === '/304' ? 304 : 200,
          reason: '',
          headers: [['Content-Length', '1234']],
          body: target === '/304' ? Buffer.alloc(0) : Buffer.from('never sent'),
        }),
  )
  const client = await rawClient(t, server.port)
  const expected =
    `HTTP/1.1 200 \r\nContent-Length: 1234\r\n${KEPT}\r\n` +
    `HTTP/1.1 304 \r\nContent-Length: 1234\r\n${KEPT}\r\n` +
    `HTTP/1.1 204 No Content\r\n${KEPT}\r\n`
  client.send(
    'HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\n\r\nGET /204 HTTP/1.1\r\nHost: x\r\n\r\n',
  )
  assert.equal(await client.until((text) => text.length >= expected.length), expected)
})

test('what a handler throws is told to onError, and to the client only without details', async (t) => {
  const errors: unknown[] = []
  const failures = [
    () => {
      throw new Error('secret')
    },
    () => Promise.reject(new Error('secret')),
    () => aResponse({ headers: [['Bad Name', 'secret']] }),
    () => {
      throw new ResealError('KEY_UNFIT', 'The key cannot sign ES256', { hint: 'Use an EC key.' })
    },
  ]
  const server = await serving(
    t,
    ({ target }) => (failures[Number(target.slice(1))] ?? failures[0])?.() ?? aResponse({}),
    {
      onError: (error) => errors.push(error),
    },
  )
  for (const n of [0, 1, 2]) {
    const text = await answerTo(t, server, `GET /${n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    assert.match(text, /^HTTP\/1\.1 500 Internal Server Error\r\n/)
    assert.equal(
      bodyOf(text),
      '{"error":{"code":"UNEXPECTED","message":"The request could not be answered"}}',
    )
  }
  const text = await answerTo(t, server, 'GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.equal(
    bodyOf(text),
    '{"error":{"code":"KEY_UNFIT","message":"The key cannot sign ES256","hint":"Use an EC key."}}',
  )
  assert.equal(errors.length, 4)
})

test('a request with more content than allowed is answered 413 while the client still sends', async (t) => {
  let handled = 0
  const server = await serving(
    t,
    () => {
      handled += 1
      return aResponse({})
    },
    { maxRequestBytes: 10 },
  )
  const client = await rawClient(t, server.port)
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n01234567890123456789')
  const text = await client.until('content"}}')
  assert.match(text, /^HTTP\/1\.1 413 Payload Too Large\r\n/)
  client.send('0123456789')
  await client.closed()
  assert.equal(handled, 0)
  assert.match(
    await answerTo(
      t,
      server,
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789',
    ),
    /^HTTP\/1\.1 200 OK\r\n/,
  )
})

test('requests that could be read in two ways are refused and their connection closed', async (t) => {
  const server = await serving(t, () => aResponse({}))
  const post = 'POST / HTTP/1.1\r\nHost: x\r\n'
  const refused = [
    'GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n',
    `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
    'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET /caf\xe9 HTTP/1.1\r\nHost: x\r\n\r\n',
    'nonsense\r\n\r\n',
  ]
  for (const request of refused)
    assert.match(await answerTo(t, server, request), /^HTTP\/1\.1 400 Bad Request\r\n/, request)
  assert.match(
    await answerTo(t, server, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(140_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
})

test('a port in use is an error that names it and says what to do', async (t) => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  await assert.rejects(serve({ listen: `:${port}`, handler: () => aResponse({}) }), (error) => {
    assert.ok(error instanceof ResealError)
    assert.equal(error.code, 'ADDRESS_IN_USE')
    assert.equal(error.exitCode, 6)
    assert.equal(error.message, `The address 127.0.0.1:${port} is in use by another process`)
    assert.equal(
      error.hint,
      'Stop that process, or listen elsewhere: --listen 127.0.0.1:0 takes any free port.',
    )
    return true
  })
  await assert.rejects(
    serve({ listen: '192.0.2.1:0', handler: () => aResponse({}) }),
    (error) => error instanceof ResealError && error.code === 'ADDRESS_UNUSABLE',
  )
})

test('close lets the answer under way finish, closes idle connections and refuses new ones', async (t) => {
  const entered = Promise.withResolvers<void>()
  const release = Promise.withResolvers<HttpResponse>()
  const server = await serving(t, () => {
    entered.resolve()
    return release.promise
  })
  const idle = await rawClient(t, server.port)
  const busy = await rawClient(t, server.port)
  busy.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await entered.promise
  const closing = server.close()
  assert.equal((await idle.closed()).text, '')
  await assert.rejects(rawClient(t, server.port))
  // More than the kernel's buffers hold, so that it is still being flushed when the handler is done.
  const body = Buffer.alloc(16 * 1024 * 1024, 'x')
  release.resolve(aResponse({ headers: [['Content-Length', String(body.length)]], body }))
  const { text } = await busy.closed()
  assert.equal(bodyOf(text).length, body.length)
  await closing
})

test('close cuts what is still under way at its deadline', async (t) => {
  const entered = Promise.withResolvers<void>()
  const server = await serving(
    t,
    () => {
      entered.resolve()
      return new Promise<HttpResponse>(() => {})
    },
    { closeDeadlineMs: 20 },
  )
  const client = await rawClient(t, server.port)
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await entered.promise
  await server.close()
  assert.equal((await client.closed()).text, '')
})

test('a handler that has its answer at hand answers in the turn the request arrived', async (t) => {
  let turns = 0
  const server = await serving(t, () => {
    // Would run before the response if anything were awaited on the way.
    queueMicrotask(() => (turns += 1))
    return {
      ...aResponse({}),
      get body() {
        return Buffer.from(String(turns))
      },
    }
  })
  const text = await answerTo(t, server, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.equal(bodyOf(text), '0')
})

function aResponse(over: Partial<HttpResponse>): HttpResponse {
  return {
    status: 200,
    reason: 'OK',
    httpVersion: '1.1',
    headers: [],
    body: Buffer.alloc(0),
    trailers: [],
    ...over,
  }
}

async function serving(
  t: TestContext,
  handler: Handler,
  options: Partial<ServeOptions> = {},
): Promise<RunningServer> {
  const server = await serve({ listen: ':0', handler, closeDeadlineMs: 5000, ...options })
  t.after(() => server.close())
  return server
}

async function answerTo(t: TestContext, server: RunningServer, request: string): Promise<string> {
  const client = await rawClient(t, server.port)
  client.send(request)
  return (await client.closed()).text
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
