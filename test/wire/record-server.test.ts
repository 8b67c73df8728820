import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { RunningServer } from '../../src/wire/listener.ts'
import { proxying } from '../support/proxying.ts'
import { answering, rawClient, rawUpstream, type RawSocket } from '../support/raw-socket.ts'

/** Where nobody listens: a port that was free a moment ago may be another test's now. */
const NOBODY = 'http://127.0.0.1:1'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const KEPT = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n'

test('a request goes upstream byte for byte, but for Host and hop-by-hop fields', async (t) => {
  const upstream = await answering(t, OK)
  const { proxy, log } = await proxying(t, upstream.url)
  await exchange(
    t,
    proxy,
    'POST /a?b HTTP/1.1\r\nx-b: 1\r\nhOst: staging.example\r\nX-B: 2\r\nCookie: a=1\r\nX-Latin: caf\xe9 \xc3\xa9\r\n' +
      'cookie: b=2\r\nConnection: close, X-Hop, Content-Length\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nTE: deflate, trailers\r\n' +
      'Proxy-Authorization: Basic eDp5\r\nUpgrade: h2c\r\nContent-Disposition: form-data; name="\xe9"\r\nX-Empty:\r\n' +
      'Content-Length: 4\r\n\r\n\x00\xff\x80\xc3',
  )
  assert.equal(
    upstream.connections[0]?.text(),
    `POST /a?b HTTP/1.1\r\nx-b: 1\r\nhOst: 127.0.0.1:${upstream.port}\r\nX-B: 2\r\nCookie: a=1\r\nX-Latin: caf\xe9 \xc3\xa9\r\n` +
      'cookie: b=2\r\nTE: trailers\r\nContent-Disposition: form-data; name="\xe9"\r\nX-Empty: \r\n' +
      'Content-Length: 4\r\n\r\n\x00\xff\x80\xc3',
  )
  const [entry] = log.entries
  assert.equal(entry?.head.authority, 'staging.example')
  assert.equal(entry?.head.headers.length, 15)
  assert.equal(entry?.requestBody, '\x00\xff\x80\xc3')
  assert.deepEqual(entry?.route, { listen: `127.0.0.1:${proxy.port}`, target: upstream.url })
})

test('the request target is kept byte for byte; absolute form loses its origin, a base path comes first', async (t) => {
  const upstream = await rawUpstream(t, (socket) => {
    socket.socket.on('data', () => socket.send(OK))
  })
  const plain = await proxying(t, upstream.url)
  const based = await proxying(t, `${upstream.url}/base/`)
  const targets: [RunningServer, string, string][] = [
    [plain.proxy, '/a/../b/%2e%2e/c//d?x#', '/a/../b/%2e%2e/c//d?x#'],
    [plain.proxy, '/?', '/?'],
    [plain.proxy, '/a%2Fb+c%20d?e=+&f=%2B&&', '/a%2Fb+c%20d?e=+&f=%2B&&'],
    [plain.proxy, '//host/p', '//host/p'],
    [plain.proxy, '/"<>|{}^`\\', '/"<>|{}^`\\'],
    [plain.proxy, 'http://other.example/p?q', '/p?q'],
    [plain.proxy, 'http://other.example', '/'],
    [plain.proxy, 'http://other.example?q', '/?q'],
    [based.proxy, '/a/../b', '/base/a/../b'],
    [based.proxy, '/', '/base/'],
  ]
  for (const [proxy, sent, expected] of targets) {
    await exchange(t, proxy, `GET ${sent} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const seen = upstream.connections.map((socket) => socket.text()).join('')
    assert.ok(seen.includes(`GET ${expected} HTTP/1.1\r\n`), `${sent} became ${seen.slice(-200)}`)
  }
  await exchange(t, plain.proxy, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.ok(upstream.connections.some((socket) => socket.text().includes('OPTIONS * HTTP/1.1\r\n')))
})

test('a response comes back byte for byte, but for hop-by-hop fields, and no Date is added', async (t) => {
  const upstream = await answering(
    t,
    'HTTP/1.1 299 Sure Th\xefng\r\nx-B: 1\r\nSet-Cookie: a=1\r\nContent-Length: 3\r\nset-cookie: b=2\r\nX-Latin: \xe9 \xc3\xa9\r\n' +
      'Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=3\r\nContent-Disposition: attachment; filename="\xe6\x97\xa5\xe9"\r\n' +
      'Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n\x00\xff\x80',
  )
  const { proxy, log } = await proxying(t, upstream.url)
  assert.equal(
    await exchange(t, proxy, get()),
    'HTTP/1.1 299 Sure Th\xefng\r\nx-B: 1\r\nSet-Cookie: a=1\r\nContent-Length: 3\r\nset-cookie: b=2\r\nX-Latin: \xe9 \xc3\xa9\r\n' +
      'Content-Disposition: attachment; filename="\xe6\x97\xa5\xe9"\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n' +
      'Connection: close\r\n\r\n\x00\xff\x80',
  )
  const [entry] = log.entries
  assert.deepEqual(entry?.calls, ['requestEnd', 'responseHead', 'responseData', 'responseEnd'])
  assert.equal(entry?.response?.status, 299)
  assert.equal(entry?.response?.reason, 'Sure Th\xefng')
  assert.deepEqual(entry?.response?.headers[5], ['Connection', 'X-Hop'])
  assert.equal(entry?.responseBody, '\x00\xff\x80')
})

test('chunked content and trailers pass in both directions', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('X-T: \xe9\r\n\r\n')
    socket.send(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncd\xff\r\n0\r\nX-Sum: 1\r\nx-sum: \xe9\r\n\r\n',
    )
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const sent =
    'Trailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 0\r\nX-T: \xe9\r\n\r\n'
  const text = await exchange(t, proxy, `PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${sent}`)
  assert.equal(
    upstream.connections[0]?.text(),
    `PUT / HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n${sent}`,
  )
  assert.equal(
    text,
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n3\r\ncd\xff\r\n0\r\nX-Sum: 1\r\nx-sum: \xe9\r\n\r\n',
  )
  const [entry] = log.entries
  assert.deepEqual(entry?.requestTrailers, [
    ['x-t', '0'],
    ['X-T', '\xe9'],
  ])
  assert.deepEqual(entry?.responseTrailers, [
    ['X-Sum', '1'],
    ['x-sum', '\xe9'],
  ])
})

test('a response that ends with its connection ends so for the client, whatever its version', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send('HTTP/1.0 200 OK\r\nX: 1\r\n\r\nhello')
    socket.socket.end()
  })
  const { proxy } = await proxying(t, upstream.url)
  assert.equal(await exchange(t, proxy, get()), 'HTTP/1.1 200 OK\r\nX: 1\r\nConnection: close\r\n\r\nhello')
  assert.equal(
    await exchange(t, proxy, 'GET / HTTP/1.0\r\n\r\n'),
    'HTTP/1.1 200 OK\r\nX: 1\r\nConnection: close\r\n\r\nhello',
  )
  assert.match(upstream.connections[1]?.text() ?? '', /^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/)
})

test('HEAD, 204, 304 and empty responses end with their head, and the connection goes on', async (t) => {
  const answers: Record<string, string> = {
    '/head': 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
    '/headchunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    '/204': 'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n',
    '/304': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n',
    '/0': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    '/chunked0': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  }
  const upstream = await rawUpstream(t, (socket) => {
    socket.socket.on('data', (chunk: Buffer) =>
      socket.send(answers[chunk.toString('latin1').split(' ')[1] ?? ''] ?? ''),
    )
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  let expected = ''
  for (const [path, answer] of Object.entries(answers)) {
    client.send(`${path.startsWith('/head') ? 'HEAD' : 'GET'} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expected += answer.replace('\r\n\r\n', `\r\n${KEPT}\r\n`)
    assert.equal(await client.until((text) => text.length >= expected.length), expected)
  }
  assert.equal(upstream.connections.length, 1, 'the connection upstream is kept')
  assert.equal(log.entries.filter(({ calls }) => calls.at(-1) === 'responseEnd').length, 6)
})

test('a POST without content gets no framing it did not have', async (t) => {
  const upstream = await answering(t, OK)
  const { proxy } = await proxying(t, upstream.url)
  await exchange(t, proxy, 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.equal(upstream.connections[0]?.text(), `POST / HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n\r\n`)
})

test('coded content is not touched', async (t) => {
  const coded = gzipSync('hello '.repeat(100)).toString('latin1')
  const head = `Content-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n`
  const upstream = await answering(t, `HTTP/1.1 200 OK\r\n${head}\r\n${coded}`)
  const { proxy, log } = await proxying(t, upstream.url)
  assert.equal(await exchange(t, proxy, get()), `HTTP/1.1 200 OK\r\n${head}Connection: close\r\n\r\n${coded}`)
  assert.equal(log.entries[0]?.responseBody, coded)
})

test('a chunked DELETE or OPTIONS goes upstream as one chunked request, whatever its content looks like', async (t) => {
  const smuggled = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'
  for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST']) {
    const upstream = await rawUpstream(t, async (socket) => {
      await socket.until('0\r\n\r\n')
      socket.send(OK)
    })
    const { proxy } = await proxying(t, upstream.url)
    const framed = `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
    const text = await exchange(t, proxy, `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${framed}`)
    assert.equal(
      upstream.connections[0]?.text(),
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n${framed}`,
    )
    assert.equal(text.split('HTTP/1.1 200').length, 2)
  }
})

test('requests that could be read in two ways never reach the upstream', async (t) => {
  const upstream = await answering(t, OK)
  const { proxy, log } = await proxying(t, upstream.url)
  for (const request of [
    'GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n',
  ]) {
    assert.match(await exchange(t, proxy, request), /^HTTP\/1\.1 400 Bad Request\r\n/, request)
  }
  assert.equal(upstream.connections.length, 0)
  assert.equal(log.entries.length, 0)
})

test("Expect: 100-continue is the upstream's to decide", async (t) => {
  const upstream = await rawUpstream(t, async (socket, index) => {
    await socket.until('\r\n\r\n')
    if (index === 0) {
      socket.send('HTTP/1.1 100 Continue\r\n\r\n')
      await socket.until('body')
      socket.send(OK)
    } else socket.send('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nX: \xe9\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n'
  const patient = await rawClient(t, proxy.port)
  patient.send(head)
  assert.equal(await patient.until('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
  patient.send('body')
  assert.equal(
    await patient.until('ok'),
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n${KEPT}\r\nok`,
  )
  assert.match(upstream.connections[0]?.text() ?? '', /\r\nX: \xe9\r\nExpect: 100-continue\r\n/)

  // The first upstream connection is idle and would be used again.
  upstream.connections[0]?.socket.destroy()
  const refused = await rawClient(t, proxy.port)
  refused.send(head)
  assert.equal(
    (await refused.closed()).text,
    'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
  await turnsUntil(() => log.entries[1]?.calls.length === 3)
  assert.deepEqual(log.entries[1]?.calls, ['responseHead', 'responseEnd', 'requestEnd'])
})

test('interim responses are relayed as they come', async (t) => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b\xe9>\r\n\r\n'
  const upstream = await answering(t, `${early}HTTP/1.1 102 Processing\r\n\r\n${OK}`)
  const { proxy } = await proxying(t, upstream.url)
  assert.equal(
    await exchange(t, proxy, get()),
    `${early}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`,
  )
})

test('interim responses of an answer that is not yet its turn wait for it', async (t) => {
  const [late, answered] = [Promise.withResolvers<RawSocket>(), Promise.withResolvers<RawSocket>()]
  const upstream = await rawUpstream(t, async (socket) => {
    const asked = await socket.until('\r\n\r\n')
    if (asked.startsWith('GET /first')) late.resolve(socket)
    else {
      answered.resolve(socket)
      socket.send('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n')
      socket.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecond')
    }
  })
  const { proxy } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send('GET /first HTTP/1.1\r\nHost: x\r\n\r\n')
  const first = await late.promise
  client.send('GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const second = await answered.promise
  await second.closed()
  assert.equal(client.text(), '')
  first.send(OK)
  assert.equal(
    (await client.closed()).text,
    `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${KEPT}\r\nok` +
      'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecond',
  )
})

test('the head and each piece of a response leave at once, while the upstream still holds the rest', async (t) => {
  for (const framing of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    const upstream = await answering(t, `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`)
    const { proxy } = await proxying(t, upstream.url)
    const client = await rawClient(t, proxy.port)
    client.send(get())
    await client.until('\r\n\r\n')
    upstream.connections[0]?.send(framing.endsWith('chunked') ? '5\r\nfirst\r\n' : 'first')
    await client.until('first')
  }
})

test('the head and each piece of a request leave at once, while the client still holds the rest', async (t) => {
  const upstream = await rawUpstream(t, () => {})
  const { proxy } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send('POST / HTTP/1.1\r\nHost: x\r\nX: \xe9\r\nContent-Length: 10\r\n\r\n')
  await turnsUntil(() => upstream.connections.length > 0)
  await upstream.connections[0]?.until('X: \xe9\r\nContent-Length: 10\r\n\r\n')
  client.send('first')
  await upstream.connections[0]?.until('first')
  client.socket.destroy()
})

test('the last byte of a response waits until the tap has it safe', async (t) => {
  const cases: [method: string, upstream: string, seenBefore: RegExp][] = [
    // Content that is whole at once leaves in one piece with its head.
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast', /^$/],
    [
      'GET',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n0\r\n\r\n',
      /\r\n\r\n4\r\nlast\r\n$/,
    ],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', /^$/],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n', /^$/],
  ]
  for (const [method, answer, seenBefore] of cases) {
    const commit = Promise.withResolvers<void>()
    const upstream = await answering(t, answer)
    const { proxy, log } = await proxying(t, upstream.url, {}, () => commit.promise)
    const client = await rawClient(t, proxy.port)
    client.send(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`)
    if (!seenBefore.test('')) await client.until((text) => seenBefore.test(text))
    await turnsUntil(() => log.entries[0]?.calls.at(-1) === 'responseEnd')
    // A round trip on another connection gives a held byte every chance to slip out.
    await exchange(t, proxy, 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n')
    assert.match(client.text(), seenBefore)
    commit.resolve()
    const whole = answer.replace('\r\n\r\n', `\r\n${KEPT}\r\n`)
    assert.equal(await client.until((text) => text.length >= whole.length), whole)
  }
})

test('a commit that fails does not keep the answer back', async (t) => {
  const upstream = await answering(t, OK)
  const { proxy } = await proxying(t, upstream.url, {}, () => Promise.reject(new Error('disk full')))
  assert.match(await exchange(t, proxy, get()), /ok$/)
})

test('content flows no faster than it is taken, in both directions', async (t) => {
  const total = 64 * 1024 * 1024
  const piece = Buffer.alloc(256 * 1024, 'x')
  const upstream = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      let left = total
      const more = (): void => {
        while (left > 0) {
          left -= piece.length
          if (!socket.write(piece)) return void socket.once('drain', more)
        }
      }
      more()
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => upstream.close())
  let passed = 0
  const { proxy } = await proxying(t, `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, {
    tap: () => ({
      requestData: () => {},
      requestEnd: () => {},
      interim: () => {},
      frame: () => {},
      framesLost: () => {},
      responseHead: () => {},
      responseData: (chunk) => (passed += chunk.length),
      responseEnd: () => undefined,
      failed: () => {},
    }),
  })
  const client = connect(proxy.port, '127.0.0.1')
  t.after(() => client.destroy())
  client.pause()
  client.write(get())
  const taken = await still(() => passed)
  assert.ok(taken < total / 2, `${taken} of ${total} bytes were taken for a client that reads nothing`)
  let received = 0
  client.on('data', (chunk: Buffer) => (received += chunk.length))
  client.resume()
  await once(client, 'close')
  assert.ok(received > total)
})

test('request content flows no faster than the upstream takes it', async (t) => {
  const total = 64 * 1024 * 1024
  const upstream = await rawUpstream(t, ({ socket }) => void socket.pause())
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${total}\r\n\r\n`)
  const piece = Buffer.alloc(256 * 1024, 'x')
  let sent = 0
  const more = (): void => {
    while (sent < total) {
      sent += piece.length
      if (!client.socket.write(piece)) return void client.socket.once('drain', more)
    }
  }
  more()
  const taken = await still(() => log.entries[0]?.requestBody.length ?? 0)
  assert.ok(taken < total / 2, `${taken} of ${total} bytes were taken for an upstream that reads nothing`)
})

test('a client that leaves takes its upstream request with it', async (t) => {
  const upstream = await answering(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst')
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send(get())
  await client.until('first')
  client.socket.destroy()
  await log.entries[0]?.over
  await upstream.connections[0]?.closed()
  assert.deepEqual(log.entries[0]?.failed, [
    'client aborted',
    'The client closed the connection before the answer was whole',
  ])
})

test('a client that leaves in the middle of its request takes it back', async (t) => {
  const upstream = await rawUpstream(t, () => {})
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nfirst')
  await turnsUntil(() => upstream.connections.length > 0)
  await upstream.connections[0]?.until('first')
  client.socket.destroy()
  await upstream.connections[0]?.closed()
  assert.deepEqual(log.entries[0]?.calls, ['requestData', 'failed'])
})

test('an upstream that breaks off never looks like a whole answer', async (t) => {
  const ways: [framing: string, piece: string, breakOff: (socket: RawSocket) => void][] = [
    ['Content-Length: 100', 'first', ({ socket }) => socket.destroy()],
    ['Content-Length: 100', 'first', ({ socket }) => socket.resetAndDestroy()],
    ['Transfer-Encoding: chunked', '5\r\nfirst\r\n', ({ socket }) => socket.destroy()],
    ['Transfer-Encoding: chunked', '5\r\nfirst\r\n', (raw) => raw.send('not a size\r\n')],
  ]
  for (const [framing, piece, breakOff] of ways) {
    const upstream = await answering(t, `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${piece}`)
    const { proxy, log } = await proxying(t, upstream.url)
    const client = await rawClient(t, proxy.port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until('first')
    const [connection] = upstream.connections
    assert.ok(connection)
    breakOff(connection)
    const { text } = await client.closed()
    assert.ok(!text.includes('0\r\n\r\n'))
    assert.equal(log.entries[0]?.failed?.[0], 'upstream aborted')
    assert.equal(log.entries[0]?.calls.at(-1), 'failed')
  }
  const upstream = await answering(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n')
  const { proxy } = await proxying(t, upstream.url)
  const old = await rawClient(t, proxy.port)
  old.send('GET / HTTP/1.0\r\n\r\n')
  await old.until('first')
  upstream.connections[0]?.socket.destroy()
  assert.equal((await old.closed()).failed, true, 'where the close ends the content, the connection is reset')
})

test('an upstream that cannot be reached is a 502 that says so', async (t) => {
  const { proxy, log } = await proxying(t, NOBODY)
  const text = await exchange(t, proxy, get())
  assert.match(text, /^HTTP\/1\.1 502 Bad Gateway\r\n/)
  const message = `The upstream ${NOBODY} could not be reached: connect ECONNREFUSED 127.0.0.1:1`
  assert.deepEqual(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))), {
    error: {
      code: 'UPSTREAM_UNREACHABLE',
      message,
      hint: 'Check the address given as target, and that the upstream runs.',
    },
  })
  assert.deepEqual(log.entries[0]?.failed, ['upstream error', message])
  const posted = await exchange(
    t,
    proxy,
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab',
  )
  assert.match(posted, /^HTTP\/1\.1 502 Bad Gateway\r\n/)
})

test('an upstream that does not answer in time is a 504, and one that talks nonsense a 502', async (t) => {
  const silent = await rawUpstream(t, () => {})
  const slow = await proxying(t, silent.url, { upstreamTimeoutMs: 30 })
  const text = await exchange(t, slow.proxy, get())
  assert.match(text, /^HTTP\/1\.1 504 Gateway Timeout\r\n/)
  assert.match(text, /did not answer in time: no response within 30 ms"/)
  assert.equal(slow.log.entries[0]?.failed?.[0], 'upstream error')
  const babbling = await answering(t, 'SSH-2.0-OpenSSH\r\n\r\n')
  const { proxy } = await proxying(t, babbling.url)
  assert.match(await exchange(t, proxy, get()), /^HTTP\/1\.1 502 [^]*gave an answer that is not valid HTTP/)
})

test('an upstream that switches protocols unasked is a 502, and its connection is closed', async (t) => {
  for (const fields of ['Connection: Upgrade\r\nUpgrade: h2c\r\n', 'Upgrade: h2c\r\n', '']) {
    const upstream = await answering(t, `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\x00\xff`)
    const { proxy, log } = await proxying(t, upstream.url)
    const message = `The upstream ${upstream.url} gave an answer that is not valid HTTP: it switched protocols unasked`
    const bare = await exchange(t, proxy, get())
    assert.match(bare, /^HTTP\/1\.1 502 Bad Gateway\r\n/)
    assert.deepEqual(JSON.parse(bare.slice(bare.indexOf('\r\n\r\n'))), {
      error: { code: 'UPSTREAM_UNREACHABLE', message },
    })
    const client = await rawClient(t, proxy.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\nfirst')
    assert.match(await client.until('unasked'), /^HTTP\/1\.1 502 Bad Gateway\r\n/)
    for (const connection of upstream.connections) await connection.closed()
    assert.deepEqual(
      log.entries.map(({ failed }) => failed),
      [
        ['upstream error', message],
        ['upstream error', message],
      ],
    )
  }
})

test('a status that is none is a 502, and not recorded as an answer', async (t) => {
  const upstream = await answering(t, 'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok')
  const { proxy, log } = await proxying(t, upstream.url)
  assert.match(await exchange(t, proxy, get()), /^HTTP\/1\.1 502 Bad Gateway\r\n/)
  assert.deepEqual(log.entries[0]?.calls, ['requestEnd', 'failed'])
})

test('a kept connection that the upstream has closed is replaced without the client noticing', async (t) => {
  const upstream = await rawUpstream(t, async (socket, index) => {
    await socket.until('\r\n\r\n')
    socket.send(OK)
    if (index > 0) return
    // The second request on the first connection meets a reset.
    await socket.until((text) => text.split('\r\n\r\n').length > 2)
    socket.socket.resetAndDestroy()
  })
  const { proxy, log } = await proxying(t, upstream.url)
  assert.match(await exchange(t, proxy, get()), /^HTTP\/1\.1 200/)
  assert.match(await exchange(t, proxy, get()), /^HTTP\/1\.1 200/)
  assert.equal(upstream.connections.length, 2)
  assert.deepEqual(log.entries[1]?.calls, ['requestEnd', 'responseHead', 'responseData', 'responseEnd'])
})

for (const [how, breakOff] of [
  ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ['closed', (socket: Socket) => socket.end()],
] as const) {
  test(`a request whose answer has begun on a kept connection is not sent twice when that is ${how}`, async (t) => {
    const upstream = await rawUpstream(t, async (raw) => {
      await raw.until('\r\n\r\n')
      raw.send(OK)
      await raw.until((text) => text.split('\r\n\r\n').length > 2)
      raw.send('HTTP/1.1 200 OK\r\nContent-')
      setImmediate(breakOff, raw.socket)
    })
    const { proxy, log } = await proxying(t, upstream.url)
    await exchange(t, proxy, get())
    assert.match(await exchange(t, proxy, get()), /^HTTP\/1\.1 502/)
    assert.equal(upstream.connections.length, 1)
    assert.equal(log.entries[1]?.calls.at(-1), 'failed')
  })
}

test('a request that is not safe to send twice is not sent twice', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send(OK)
    await socket.until((text) => text.split('\r\n\r\n').length > 2)
    socket.socket.resetAndDestroy()
  })
  const { proxy } = await proxying(t, upstream.url)
  await exchange(t, proxy, get())
  assert.match(await exchange(t, proxy, get('POST')), /^HTTP\/1\.1 502/)
  assert.equal(upstream.connections.length, 1)
})

test('an answer that comes before the request is whole is relayed, and the rest of the request still recorded', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('first')
    socket.socket.end('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig')
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\nfirst')
  await client.until('big')
  client.send('second.')
  await turnsUntil(() => log.entries[0]?.requestTrailers !== undefined)
  assert.equal(log.entries[0]?.requestBody, 'firstsecond.')
  assert.equal(log.entries[0]?.failed, undefined)
})

test('an early answer is not lost to the reset that follows it', async (t) => {
  const upstream = await rawUpstream(t, async (raw) => {
    await raw.until('\r\n\r\n')
    raw.socket.pause()
    // Closing with content unread resets the connection, and the proxy meets the reset while it still writes.
    raw.socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig', () =>
      raw.socket.destroy(),
    )
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const body = 'x'.repeat(4 * 1024 * 1024)
  for (let round = 0; round < 5; round += 1) {
    const client = await rawClient(t, proxy.port)
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    assert.match(await client.until(/(?:big|\}\})$/), /^HTTP\/1\.1 413 /)
    await turnsUntil(() => log.entries[round]?.calls.at(-1) === 'requestEnd')
    assert.equal(log.entries[round]?.requestBody.length, body.length)
  }
})

test('a certificate nobody vouches for is refused with the way out, and taken with insecureUpstream', async (t) => {
  const fixtures = join(import.meta.dirname, '../fixtures/tls')
  const upstream = createTlsServer(
    {
      key: readFileSync(join(fixtures, 'localhost.key')),
      cert: readFileSync(join(fixtures, 'localhost.crt')),
    },
    (request, response) => response.end(`${request.headers.host}`),
  )
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  t.after(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  const url = `https://localhost:${(upstream.address() as AddressInfo).port}`
  const strict = await proxying(t, url)
  const refused = await exchange(t, strict.proxy, get())
  assert.match(refused, /^HTTP\/1\.1 502 Bad Gateway\r\n/)
  assert.deepEqual(JSON.parse(refused.slice(refused.indexOf('\r\n\r\n'))).error, {
    code: 'UPSTREAM_UNREACHABLE',
    message: `The certificate of the upstream ${url} is not trusted: self-signed certificate`,
    hint: 'Use --insecure-upstream if you trust it.',
  })
  const trusting = await proxying(t, url, { insecureUpstream: true })
  assert.match(await exchange(t, trusting.proxy, get()), new RegExp(`\\r\\n${url.slice(8)}$`))
})

test('a WebSocket passes, also its refusal and an upstream that is down', async (t) => {
  const handshake = (path: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n`
  const upstream = await rawUpstream(t, async (socket) => {
    const head = await socket.until('\r\n\r\n')
    if (head.includes('/no')) socket.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
    else {
      socket.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      await socket.until('ping')
      socket.send('pong\xff')
    }
  })
  const { proxy } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send(handshake('/a/../b?'))
  assert.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 101 /)
  assert.match(upstream.connections[0]?.text() ?? '', /^GET \/a\/\.\.\/b/)
  client.send('ping')
  await client.until('pong\xff')
  assert.match(await exchange(t, proxy, handshake('/no')), /^HTTP\/1\.1 403 Forbidden\r\n[^]*no/)
  const down = await proxying(t, NOBODY)
  const refused = await exchange(t, down.proxy, handshake('/'))
  assert.match(refused, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*"code":"UPSTREAM_UNREACHABLE"/)
  // Another protocol's offer is an ordinary request.
  const h2c = await rawClient(t, proxy.port)
  h2c.send('GET /no HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  assert.match(await h2c.until('no'), /^HTTP\/1\.1 403/)
})

test('close ends WebSockets and lets exchanges finish', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    const head = await socket.until('\r\n\r\n')
    if (head.includes('Upgrade: ') || head.includes('upgrade: ')) {
      socket.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    } else socket.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  })
  const { proxy } = await proxying(t, upstream.url)
  const ws = await rawClient(t, proxy.port)
  ws.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await ws.until('\r\n\r\n')
  const busy = await rawClient(t, proxy.port)
  busy.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await busy.until('first')
  const closing = proxy.close()
  await ws.closed()
  upstream.connections[1]?.send('lasts')
  assert.match((await busy.closed()).text, /firstlasts$/)
  await closing
})

test('an exchange that the close deadline cuts off is recorded as cut by reseal', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    const head = await socket.until('\r\n\r\n')
    if (!head.includes('/silent')) socket.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  })
  const { proxy, log } = await proxying(t, upstream.url, { closeDeadlineMs: 30 })
  const begun = await rawClient(t, proxy.port)
  begun.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await begun.until('first')
  const silent = await rawClient(t, proxy.port)
  silent.send('GET /silent HTTP/1.1\r\nHost: x\r\n\r\n')
  await turnsUntil(() => upstream.connections.length === 2)
  await proxy.close()
  await Promise.all(log.entries.map(({ over }) => over))
  assert.deepEqual(
    log.entries.map(({ failed }) => failed),
    Array.from({ length: 2 }, () => ['client aborted', 'reseal was stopped before it ended']),
  )
})

function get(method = 'GET'): string {
  return `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
}

async function exchange(t: TestContext, proxy: RunningServer, request: string): Promise<string> {
  const client = await rawClient(t, proxy.port)
  client.send(request)
  return (await client.closed()).text
}

/** Lets the event loop turn until something is so; the test's own timeout ends a vain wait. */
async function turnsUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** A count once it has begun and then stood still for many turns of the event loop, which all the traffic here needs. */
async function still(count: () => number): Promise<number> {
  let seen = count()
  for (let turns = 0; seen === 0 || turns < 2000; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    if (count() !== seen) turns = 0
    seen = count()
  }
  return seen
}
