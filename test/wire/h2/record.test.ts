import assert from 'node:assert/strict'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { test } from 'node:test'
import { ask, http2Client, http2Upstream } from '../../support/http2-peers.ts'
import { proxying } from '../../support/proxying.ts'
import { rawUpstream, type RawSocket } from '../../support/raw-socket.ts'
import { LOCALHOST } from '../../support/tls-fixture.ts'

const TRUSTING = { tls: LOCALHOST, insecureUpstream: true }

test('an HTTP/2 request goes to an HTTP/2 upstream with its fields in order, repeats and bytes kept, and back', async (t) => {
  const seen: (readonly string[])[] = []
  const upstream = await http2Upstream(t, (stream, raw) => {
    seen.push(raw)
    const chunks: Buffer[] = []
    stream.on('trailers', (_, __, raw) => seen.push(raw))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      stream.additionalHeaders({ ':status': 103, link: '</a>; rel=preload' })
      stream.respond(
        [
          ':status',
          '200',
          'x-b',
          '1',
          'set-cookie',
          'a=1',
          'x-a',
          'caf\xe9',
          'set-cookie',
          'b=2',
          'date',
          'now',
        ],
        { waitForTrailers: true },
      )
      stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': ['1', '2'] }))
      stream.end(Buffer.concat(chunks))
    })
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  assert.match(proxy.url, /^https:/)
  const session = await http2Client(t, proxy.port)
  const fields = [
    'x-b',
    '1',
    'cookie',
    'a=1',
    'x-latin',
    'caf\xe9',
    'cookie',
    'b=2',
    'x-b',
    '2',
    'te',
    'trailers',
  ]
  const answer = await ask(session, [':method', 'POST', ':path', '/a/../b?c#', ...fields], 'que\xffstion', {
    'x-t': '1',
  })
  const authority = upstream.url.slice('https://'.length)
  assert.deepEqual(seen, [
    [':method', 'POST', ':scheme', 'https', ':authority', authority, ':path', '/a/../b?c#', ...fields],
    ['x-t', '1'],
  ])
  assert.deepEqual(answer, {
    interim: [[':status', '103', 'link', '</a>; rel=preload']],
    head: [
      ':status',
      '200',
      'x-b',
      '1',
      'set-cookie',
      'a=1',
      'x-a',
      'caf\xe9',
      'set-cookie',
      'b=2',
      'date',
      'now',
    ],
    body: 'que\xffstion',
    trailers: ['x-sum', '1', 'x-sum', '2'],
    rstCode: 0,
  })
  const [entry] = log.entries
  assert.deepEqual(
    [
      entry?.head.scheme,
      entry?.head.authority,
      entry?.head.method,
      entry?.head.target,
      entry?.head.httpVersion,
    ],
    ['https', 'api.example', 'POST', '/a/../b?c#', '2'],
  )
  assert.deepEqual(entry?.head.headers.flat(), fields)
  assert.equal(entry?.requestBody, 'que\xffstion')
  assert.deepEqual(entry?.requestTrailers, [['x-t', '1']])
  assert.equal(entry?.interim[0]?.status, 103)
  assert.deepEqual([entry?.response?.status, entry?.response?.httpVersion], [200, '2'])
  assert.equal(entry?.responseBody, 'que\xffstion')
  assert.deepEqual(entry?.responseTrailers, [
    ['x-sum', '1'],
    ['x-sum', '2'],
  ])
  assert.equal(entry?.failed, undefined)
})

test('to an upstream of HTTP/1.1 a request is one of HTTP/1.1, and its answer one of HTTP/2', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('0\r\nx-t: 1\r\n\r\n')
    socket.send(
      'HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 201 Made\r\nX-A: 1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n' +
        'Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n',
    )
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  const fields = ['cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2', 'te', 'trailers']
  const answer = await ask(session, [':method', 'POST', ':path', '/p', ...fields], 'body', { 'x-t': '1' })
  assert.equal(
    upstream.connections[0]?.text(),
    `POST /p HTTP/1.1\r\nhost: ${upstream.url.slice(7)}\r\ncookie: a=1; b=2\r\nx-a: 1\r\nte: trailers\r\n` +
      'transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-t: 1\r\n\r\n',
  )
  assert.deepEqual(answer, {
    interim: [[':status', '103', 'link', '<a>']],
    head: [':status', '201', 'x-a', '1', 'trailer', 'X-Sum', 'set-cookie', 'a', 'set-cookie', 'b'],
    body: 'ok',
    trailers: ['x-sum', '9'],
    rstCode: 0,
  })
  const [entry] = log.entries
  assert.deepEqual([entry?.response?.reason, entry?.response?.httpVersion], ['Made', '1.1'])
  assert.equal(entry?.head.headers.length, 4)
})

test('HEAD, 204, 304, no content and an answer that is all trailers end with their head', async (t) => {
  const upstream = await http2Upstream(t, (stream, raw) => {
    const path = raw[raw.indexOf(':path') + 1]
    if (path === '/grpc')
      stream.respond([':status', '200', 'grpc-status', '5', 'x-dates', 'no'], { endStream: true })
    else if (path === '/204') stream.respond([':status', '204'], { endStream: true })
    else stream.respond([':status', path?.slice(1) ?? '', 'content-length', '5'], { endStream: true })
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  const get = (method: string, path: string) => ask(session, [':method', method, ':path', path])
  assert.deepEqual((await get('HEAD', '/200')).head.slice(0, 4), [':status', '200', 'content-length', '5'])
  assert.deepEqual((await get('GET', '/204')).head.slice(0, 2), [':status', '204'])
  assert.deepEqual((await get('GET', '/304')).head.slice(0, 4), [':status', '304', 'content-length', '5'])
  const trailersOnly = await get('POST', '/grpc')
  assert.deepEqual(trailersOnly.head.slice(0, 4), [':status', '200', 'grpc-status', '5'])
  assert.deepEqual(trailersOnly.trailers, [])
  assert.ok(log.entries.every(({ failed, calls }) => failed === undefined && calls.at(-1) === 'responseEnd'))
  assert.equal(upstream.sessions(), 1)
})

test('the end of an answer waits for the commit, its content does not', async (t) => {
  const commit = Promise.withResolvers<void>()
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond([':status', '200'])
    stream.end('all of it')
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING, () => commit.promise)
  const stream = (await http2Client(t, proxy.port)).request([':path', '/'])
  let ended = false
  stream.once('end', () => {
    ended = true
  })
  const [content] = await once(stream, 'data')
  assert.equal(String(content), 'all of it')
  await log.entries[0]?.over
  assert.equal(ended, false)
  commit.resolve()
  await once(stream, 'end')
})

test('a client that resets its stream resets the upstream’s', async (t) => {
  const reset = Promise.withResolvers<number>()
  const begun = Promise.withResolvers<void>()
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond([':status', '200'])
    stream.write('begun')
    stream.once('close', () => reset.resolve(stream.rstCode))
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const stream = (await http2Client(t, proxy.port)).request([':path', '/'])
  stream.on('error', () => {})
  stream.once('data', () => begun.resolve())
  await begun.promise
  stream.close(constants.NGHTTP2_CANCEL)
  assert.equal(await reset.promise, constants.NGHTTP2_CANCEL)
  await log.entries[0]?.over
  assert.equal(log.entries[0]?.failed?.[0], 'client aborted')
})

for (const headFirst of [true, false]) {
  test(`an upstream that resets its stream ${headFirst ? 'in' : 'before'} its answer resets the client’s`, async (t) => {
    const upstream = await http2Upstream(t, (stream) => {
      if (headFirst) {
        // Else Node ends the stream before it resets it.
        stream.respond([':status', '200'], { waitForTrailers: true })
        stream.write('begun', () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM))
      } else stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    })
    const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
    const { rstCode } = await ask(await http2Client(t, proxy.port), [':path', '/'])
    assert.equal(rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM)
    assert.equal(log.entries[0]?.failed?.[0], 'upstream aborted')
    assert.equal(log.entries[0]?.response?.status, headFirst ? 200 : undefined)
  })
}

test('an upstream of HTTP/1.1 that breaks off never looks like a whole answer', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const { rstCode } = await ask(await http2Client(t, proxy.port), [':path', '/'])
  assert.equal(rstCode, constants.NGHTTP2_INTERNAL_ERROR)
  assert.equal(log.entries[0]?.failed?.[0], 'upstream aborted')
})

test('an upstream that cannot be reached is a 502 that says so, and the next request is tried anew', async (t) => {
  // A port that was free a moment ago may be another test's now.
  const { proxy, log } = await proxying(t, 'https://127.0.0.1:1', TRUSTING)
  const session = await http2Client(t, proxy.port)
  for (const _ of [1, 2]) {
    const { head, body } = await ask(session, [':path', '/'])
    assert.equal(head[1], '502')
    assert.match(body, /"code":"UPSTREAM_UNREACHABLE"/)
  }
  assert.deepEqual(
    log.entries.map(({ failed }) => failed?.[0]),
    ['upstream error', 'upstream error'],
  )
})

test('a session that the upstream ends is replaced, and the streams on it still end', async (t) => {
  const upstream = await http2Upstream(t, (stream) => {
    stream.session?.goaway()
    stream.respond([':status', '200'])
    setImmediate(() => stream.end('ok'))
  })
  const { proxy } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  for (const _ of [1, 2, 3]) assert.equal((await ask(session, [':path', '/'])).body, 'ok')
  assert.ok(upstream.sessions() >= 2)
})

test('many streams share a session, and large content passes at the pace of its reader', async (t) => {
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond([':status', '200'])
    stream.pipe(stream)
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  const body = 'x'.repeat(3 * 1024 * 1024)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => ask(session, [':method', 'POST', ':path', '/'], body)),
  )
  assert.ok(answers.every((answer) => answer.body === body))
  assert.equal(upstream.sessions(), 1)
  assert.ok(log.entries.every((entry) => entry.requestBody === body && entry.responseBody === body))
})

test('close lets streams finish and takes no more', async (t) => {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond([':status', '200'])
    stream.write('first')
    begun.resolve()
    void gate.promise.then(() => stream.end('last'))
  })
  const { proxy } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  const answer = ask(session, [':path', '/'])
  await begun.promise
  const goaway = once(session, 'goaway')
  void proxy.close()
  await goaway
  gate.resolve()
  assert.equal((await answer).body, 'firstlast')
})

test('a client that holds back its content is told so, and its upstream is given up', async (t) => {
  const reset = Promise.withResolvers<number>()
  const upstream = await http2Upstream(t, (stream) => {
    stream.resume()
    stream.once('close', () => reset.resolve(stream.rstCode))
  })
  // It is the limit of the TLS handshake too.
  const { proxy, log } = await proxying(t, upstream.url, { ...TRUSTING, clientTimeoutMs: 1000 })
  const stream = (await http2Client(t, proxy.port)).request([':method', 'POST', ':path', '/'])
  stream.write('a')
  const [headers]: unknown[] = await once(stream, 'response')
  assert.equal(Object(headers)[':status'], 408)
  assert.equal(await reset.promise, constants.NGHTTP2_CANCEL)
  assert.equal(log.entries[0]?.failed?.[0], 'client aborted')
  stream.close()
})

test('a client that resets its stream without an error in the middle of its content has not asked', async (t) => {
  const begun = Promise.withResolvers<RawSocket>()
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('begun')
    begun.resolve(socket)
  })
  const { proxy, log } = await proxying(t, upstream.url, TRUSTING)
  const session = await http2Client(t, proxy.port)
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true })
  stream.on('error', () => {})
  stream.write('begun')
  const asked = await begun.promise
  stream.close(constants.NGHTTP2_NO_ERROR)
  assert.match((await asked.closed()).text, /\r\nbegun\r\n$/)
  assert.equal(log.entries[0]?.failed?.[0], 'client aborted')
})

test('a flood of resets ends the connection and not the recorder', async (t) => {
  const upstream = await http2Upstream(t, (stream) => stream.respond([':status', '200'], { endStream: true }))
  const { proxy } = await proxying(t, upstream.url, TRUSTING)
  const flood = await http2Client(t, proxy.port)
  const over = new Promise<void>((resolve) => flood.once('close', () => resolve()))
  while (!flood.destroyed) {
    const streams = Array.from({ length: 100 }, () => flood.request([':method', 'POST', ':path', '/']))
    for (const stream of streams) stream.on('error', () => {})
    // Streams that are reset before they have left are never sent.
    await new Promise((resolve) => setTimeout(resolve, 5))
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await over
  const session = await http2Client(t, proxy.port)
  assert.equal((await ask(session, [':path', '/'])).head[1], '200')
})
