import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import { frameBytes } from '../../../src/wire/websocket/frame-bytes.ts'
import { proxying } from '../../support/proxying.ts'
import { rawClient, rawUpstream, type RawSocket } from '../../support/raw-socket.ts'
import { framesOf, shortFrames } from '../../support/web-socket-frames.ts'

const ASK =
  'GET /chat?a=1 HTTP/1.1\r\nhOst: x\r\nSec-WebSocket-Version: 13\r\nupgrade: WebSocket\r\nX-A: 1\r\n' +
  'CONNECTION: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nx-a: 2\r\n\r\n'
const SWITCH =
  'HTTP/1.1 101 Sure Th\xefng\r\nsec-websocket-ACCEPT: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: a=1\r\n' +
  'UPGRADE: websocket\r\nSet-Cookie: b=2\r\nconnection: upgrade\r\n\r\n'

test('both heads and both directions pass byte for byte, also what comes early', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send(`${SWITCH}\x81\x02hi`)
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  const hello = bytesOf('client text hello', 'client ping p')
  client.send(ASK + hello)
  assert.equal(await client.until('hi'), `${SWITCH}\x81\x02hi`)
  const [connection] = upstream.connections
  const sent = ASK.replace('hOst: x', `hOst: 127.0.0.1:${upstream.port}`)
  assert.equal(await connection?.until(hello), sent + hello)
  connection?.send('\x01\x01a\x80\x01b\x8a\x01p')
  assert.ok((await client.until('\x8a\x01p')).endsWith('\x01\x01a\x80\x01b\x8a\x01p'))
  const [entry] = log.entries
  assert.deepEqual([...shortFrames(entry?.frames ?? [])].toSorted(), [
    'client ping p',
    'client text hello',
    'server more b',
    'server pong p',
    'server text hi',
    'server text+ a',
  ])
  assert.deepEqual([entry?.response?.status, entry?.response?.reason], [101, 'Sure Th\xefng'])
  assert.equal(entry?.response?.headers.length, 5)
})

test('a closing handshake makes the exchange complete, and its last frame waits for the commit', async (t) => {
  const commit = Promise.withResolvers<void>()
  const { client, server, log } = await opened(t, () => commit.promise)
  client.send(bytesOf('client close 1000'))
  await server.until(/\x88\x82/)
  server.send(bytesOf('server close 1000'))
  await log.entries[0]?.over
  assert.deepEqual(shortFrames(log.entries[0]?.frames ?? []), ['client close 1000', 'server close 1000'])
  assert.ok(!client.text().includes('\x88\x02'))
  commit.resolve()
  await client.until('\x88\x02\x03\xe8')
  server.socket.end()
  assert.equal((await client.closed()).failed, false)
  assert.equal(log.entries[0]?.failed, undefined)
  assert.equal(log.entries[0]?.calls.at(-1), 'responseEnd')
})

test('a last frame that waits for the commit is not lost to the end that follows it', async (t) => {
  const commit = Promise.withResolvers<void>()
  const { client, server, log } = await opened(t, () => commit.promise)
  client.send(bytesOf('client close 1000'))
  await server.until(/\x88\x82/)
  server.socket.end(bytesOf('server close 1000'), 'latin1')
  await log.entries[0]?.over
  await new Promise((resolve) => setTimeout(resolve, 30))
  commit.resolve()
  assert.ok((await client.closed()).text.endsWith('\x88\x02\x03\xe8'))
})

test('a WebSocket that both sides just end is complete too, and the client hears of it after the commit', async (t) => {
  const commit = Promise.withResolvers<void>()
  const { client, server, log } = await opened(t, () => commit.promise)
  client.socket.end()
  await once(server.socket, 'end')
  server.socket.end('\x81\x04last', 'latin1')
  await log.entries[0]?.over
  assert.deepEqual(shortFrames(log.entries[0]?.frames ?? []), ['server text last'])
  commit.resolve()
  assert.match((await client.closed()).text, /last$/)
  assert.equal(log.entries[0]?.failed, undefined)
})

test('a client that resets resets the upstream', async (t) => {
  const { client, server, log } = await opened(t)
  client.socket.resetAndDestroy()
  assert.equal((await server.closed()).failed, true)
  assert.equal(log.entries[0]?.failed?.[0], 'client aborted')
})

test('an upstream that resets resets the client', async (t) => {
  const { client, server, log } = await opened(t)
  server.socket.resetAndDestroy()
  assert.equal((await client.closed()).failed, true)
  assert.deepEqual(log.entries[0]?.failed, [
    'upstream aborted',
    'The upstream broke off its answer: it reset the connection',
  ])
})

for (const [bytes, why] of [
  ['\x83\x00', 'a frame of the reserved opcode 3'],
  ['\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff', 'a frame of more than 67108864 bytes'],
  ['\x09\x00', 'a control frame in pieces'],
] as const) {
  test(`${why} passes, and is the end of what is told of frames`, async (t) => {
    const { client, server, log } = await opened(t)
    server.send(`\x81\x01a${bytes}\x81\x01b`)
    assert.ok((await client.until(bytes)).includes('\x81\x01a'))
    client.send('anything')
    await server.until('anything')
    client.socket.end()
    await once(server.socket, 'end')
    server.socket.end()
    await client.closed()
    const [entry] = log.entries
    assert.deepEqual(shortFrames(entry?.frames ?? []), ['server text a'])
    assert.equal(entry?.framesLost, `The server sent ${why}`)
    assert.equal(entry?.failed, undefined)
  })
}

test('frames past maxFrameBytes pass and are not told', async (t) => {
  const { client, server, log } = await opened(t, undefined, { maxFrameBytes: 10 })
  server.send(bytesOf('server text 123456', 'server text 789012', 'server text x'))
  await client.until('\x81\x01x')
  assert.deepEqual(shortFrames(log.entries[0]?.frames ?? []), ['server text 123456'])
  assert.equal(log.entries[0]?.framesLost, 'The frames come to more than 10 bytes')
})

test('close says good-bye to both sides in the middle of a WebSocket, and it is complete', async (t) => {
  const { proxy, client, server, log } = await opened(t)
  server.send('\x81\x02hi')
  await client.until('hi')
  const closing = proxy.close()
  await client.until('\x88\x0e\x03\xe9reseal stops')
  await server.until(/\x88\x8e/)
  client.send(bytesOf('client close 1001'))
  assert.equal((await client.closed()).failed, false)
  await closing
  server.socket.end()
  await server.closed()
  assert.deepEqual(shortFrames(log.entries[0]?.frames ?? []), [
    'server text hi',
    'server close 1001',
    'client close 1001',
  ])
  assert.equal(log.entries[0]?.failed, undefined)
})

test('close breaks off a WebSocket in the middle of a frame, and it is recorded so', async (t) => {
  const { proxy, client, server, log } = await opened(t)
  server.send('\x81\x04ha')
  await client.until('ha')
  await proxy.close()
  assert.ok((await client.closed()).text.endsWith('\x81\x04ha'))
  assert.deepEqual(log.entries[0]?.failed, ['client aborted', 'reseal was stopped before it ended'])
})

test('an upgrade that is refused is an ordinary exchange, and its connection ends with it', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send('HTTP/1.1 401 Who?\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\nno')
  })
  const { proxy, log } = await proxying(t, upstream.url)
  const client = await rawClient(t, proxy.port)
  client.send(ASK)
  assert.equal(
    (await client.closed()).text,
    'HTTP/1.1 401 Who?\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
  )
  assert.deepEqual(log.entries[0]?.calls, ['requestEnd', 'responseHead', 'responseData', 'responseEnd'])
  assert.equal(log.entries[0]?.responseBody, 'no')
})

for (const perMessageDeflate of [
  false,
  true,
  { serverNoContextTakeover: true, clientNoContextTakeover: true },
  { serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
] satisfies ServerOptions['perMessageDeflate'][]) {
  test(`ws talks to ws, and its messages are told with perMessageDeflate ${JSON.stringify(perMessageDeflate)}`, async (t) => {
    const options =
      typeof perMessageDeflate === 'object' ? { ...perMessageDeflate, threshold: 0 } : perMessageDeflate
    const server = await echoServer(t, options)
    const { proxy, log } = await proxying(t, server.url)
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/echo`, ['chat', 'other'], {
      perMessageDeflate: perMessageDeflate === false ? false : { threshold: 0 },
    })
    await once(client, 'open')
    assert.equal(client.protocol, 'chat')
    const texts = ['hello hello hello', 'hello again', 'x'.repeat(100_000), 'hello hello again']
    for (const text of texts) {
      client.send(text)
      const [echo] = await once(client, 'message')
      assert.equal(String(echo), text)
    }
    client.close(1000, 'done')
    await once(client, 'close')
    await log.entries[0]?.over
    const said = texts.flatMap((text) => [`client text ${text}`, `server text ${text}`])
    assert.deepEqual(shortFrames(log.entries[0]?.frames ?? []), [
      ...said,
      'client close 1000',
      'server close 1000',
    ])
    assert.equal(log.entries[0]?.framesLost, undefined)
    assert.equal(log.entries[0]?.failed, undefined)
  })
}

test('a large message passes at the pace of its slowest reader', async (t) => {
  const server = await echoServer(t, false)
  const { proxy, log } = await proxying(t, server.url)
  const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/`, { maxPayload: 2 ** 30 })
  await once(client, 'open')
  const payload = Buffer.alloc(20 * 1024 * 1024, 'abcdefg')
  client.send(payload)
  const [echo] = await once(client, 'message')
  assert.ok(payload.equals(echo))
  client.close()
  await once(client, 'close')
  await log.entries[0]?.over
  assert.deepEqual(
    log.entries[0]?.frames.map(({ payload }) => payload.length),
    [payload.length, payload.length, 0, 0],
  )
})

/** Frames as bytes in a string, masked where a client sends them. */
function bytesOf(...short: string[]): string {
  return framesOf(short)
    .map((frame) => Buffer.from(frameBytes(frame, frame.from === 'client')).toString('latin1'))
    .join('')
}

/** A WebSocket through a proxy, both ends as raw sockets behind their heads. */
async function opened(t: TestContext, hold?: () => Promise<void>, options: { maxFrameBytes?: number } = {}) {
  const at = Promise.withResolvers<RawSocket>()
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.socket.allowHalfOpen = true
    socket.send(SWITCH)
    at.resolve(socket)
  })
  const { proxy, log } = await proxying(t, upstream.url, options, hold)
  const client = await rawClient(t, proxy.port)
  client.send(ASK)
  await client.until('\r\n\r\n')
  return { proxy, log, client, server: await at.promise }
}

async function echoServer(
  t: TestContext,
  perMessageDeflate: NonNullable<ServerOptions['perMessageDeflate']>,
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate, maxPayload: 2 ** 30 })
  server.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await once(server, 'listening')
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { url: `http://127.0.0.1:${address.port}` }
}
