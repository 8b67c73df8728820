import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { WebSocket as WsClient } from 'ws'
import type { HttpResponse } from '../../../src/core/exchange.ts'
import { serve } from '../../../src/wire/server.ts'
import { frameBytes } from '../../../src/wire/websocket/frame-bytes.ts'
import { aResponse } from '../../support/a-pair.ts'
import { rawClient } from '../../support/raw-socket.ts'
import { framesOf } from '../../support/web-socket-frames.ts'

const ASK =
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, other\r\n' +
  'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n'

const CHAT = [
  'server text welcome',
  'client text+ he',
  'client more llo',
  'server text+ hel',
  'server more lo',
  'client text bye',
  'server binary \x00\xff',
]

test('the head is as recorded, with this client’s key answered, its subprotocol, and no extension', async (t) => {
  const port = await playing(t, [])
  const client = await rawClient(t, port)
  client.send(ASK)
  assert.equal(
    await client.until('\r\n\r\n'),
    'HTTP/1.1 101 Sure\r\nupgrade: WebSocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
      'Set-Cookie: a=1\r\nSec-WebSocket-Protocol: other\r\nSet-Cookie: b=2\r\nConnection: Upgrade\r\n\r\n',
  )
  const stranger = await rawClient(t, port)
  stranger.send(ASK.replace('chat, other', 'chat'))
  assert.doesNotMatch(await stranger.until('\r\n\r\n'), /Sec-WebSocket-Protocol/)
})

test('server frames follow the client messages they followed, however this client cuts them', async (t) => {
  const client = await rawClient(t, await playing(t, CHAT))
  client.send(ASK)
  const welcome = await client.until('welcome')
  const head = welcome.slice(0, welcome.indexOf('\r\n\r\n') + 4)
  assert.equal(welcome, `${head}\x81\x07welcome`)
  client.send(masked('client text hello'))
  const hello = `${welcome}\x01\x03hel\x80\x02lo`
  assert.equal(await client.until('lo'), hello)
  client.send(masked('client text+ by'))
  client.send(masked('client ping p', 'client more e'))
  assert.equal(await client.until('\xff'), `${hello}\x8a\x01p\x82\x02\x00\xff`)
})

test('pings of the client get pongs of their own, recorded ones are not played beside them', async (t) => {
  const client = await rawClient(
    t,
    await playing(t, [
      'client ping recorded',
      'server pong recorded',
      'server pong heartbeat',
      'server ping are-you-there',
      'client pong are-you-there',
      'server text end',
    ]),
  )
  client.send(ASK)
  const text = await client.until('end')
  assert.ok(text.endsWith('\r\n\r\n\x8a\x09heartbeat\x89\x0dare-you-there\x81\x03end'))
})

test('a close of the client is answered as recorded, and ends the connection', async (t) => {
  const client = await rawClient(t, await playing(t, ['client close 1000', 'server close 1003']))
  client.send(ASK)
  await client.until('\r\n\r\n')
  client.send(masked('client close 1001'))
  const { text, failed } = await client.closed()
  assert.ok(text.endsWith('\r\n\r\n\x88\x02\x03\xeb'))
  assert.equal(failed, false)
})

test('a close that no recording answers is echoed', async (t) => {
  const client = await rawClient(t, await playing(t, []))
  client.send(ASK)
  await client.until('\r\n\r\n')
  client.send(masked('client close 4001'))
  assert.ok((await client.closed()).text.endsWith('\r\n\r\n\x88\x02\x0f\xa1'))
})

test('a recorded close of the server is played, and the client’s answer ends the connection', async (t) => {
  const client = await rawClient(
    t,
    await playing(t, ['server text bye', 'server close 1001', 'client close 1001']),
  )
  client.send(ASK)
  await client.until('\x81\x03bye\x88\x02\x03\xe9')
  client.send(masked('client close 1001'))
  assert.ok((await client.closed()).text.endsWith('\x81\x03bye\x88\x02\x03\xe9'))
})

for (const [cut, failed] of [
  ['reset', true],
  ['close', false],
] as const) {
  test(`an upstream that broke off by a ${cut} does so again behind its last frame`, async (t) => {
    const client = await rawClient(
      t,
      await playing(t, ['client text go', 'server text half'], { delivery: { cut } }),
    )
    client.send(ASK)
    await client.until('\r\n\r\n')
    client.send(masked('client text go'))
    const end = await client.closed()
    assert.ok(end.text.endsWith('\x81\x04half'))
    assert.equal(end.failed, failed)
  })
}

test('with a pace the recorded waits are kept, without one nothing waits', async (t) => {
  const frames = ['server text a', 'server text b', 'server text c', 'server text d']
  const tookMs = async (pace?: number): Promise<number> => {
    const delivery = pace === undefined ? {} : { pace, headAtMs: 5 }
    const client = await rawClient(t, await playing(t, frames, { delivery }))
    const startedMs = performance.now()
    client.send(ASK)
    await client.until('\x81\x01d')
    return performance.now() - startedMs
  }
  assert.ok((await tookMs(0.2)) >= 199)
  assert.ok((await tookMs(1)) >= 39)
  await tookMs()
})

for (const [sent, why] of [
  ['\x81\x00', 'a frame without a mask'],
  ['\x91\x80abcd', 'a frame with a reserved bit'],
  ['\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd', 'a frame of more than 67108864 bytes'],
] as const) {
  test(`a client that sends ${why} is told so with 1002`, async (t) => {
    const client = await rawClient(t, await playing(t, ['client text x', 'server text never']))
    client.send(ASK)
    await client.until('\r\n\r\n')
    client.send(sent)
    const { text } = await client.closed()
    assert.ok(text.endsWith(`\x88${String.fromCharCode(2 + why.length)}\x03\xea${why}`))
  })
}

test('a client that does not ask for a WebSocket gets 426', async (t) => {
  const port = await playing(t, CHAT)
  const client = await rawClient(t, port)
  client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const text = await client.until('}}')
  assert.match(
    text,
    /^HTTP\/1\.1 426 Upgrade Required\r\n[^]*\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n/,
  )
  assert.deepEqual(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).error.code, 'USAGE')
})

test('an upgrade that gets another answer gets it whole, and the connection ends', async (t) => {
  const server = await serve({ listen: ':0', handler: () => aResponse({ status: 403, body: 'no' }) })
  t.after(() => server.close())
  const client = await rawClient(t, server.port)
  client.send(ASK)
  assert.match((await client.closed()).text, /^HTTP\/1\.1 403 OK\r\n[^]*\r\nConnection: close\r\n\r\nno$/)
})

test('close says good-bye to clients, and waits for no more than their answer', async (t) => {
  const server = await serve({ listen: ':0', handler: () => aSwitch(CHAT) })
  t.after(() => server.close())
  const client = await rawClient(t, server.port)
  client.send(ASK)
  await client.until('welcome')
  const closing = server.close()
  await client.until('reseal stops')
  client.send(masked('client close 1001'))
  await client.closed()
  await closing
})

test('ws plays its part', async (t) => {
  const client = new WsClient(`ws://127.0.0.1:${await playing(t, CHAT)}/`, ['other'])
  const heard: string[] = []
  client.on('message', (data) => heard.push(Buffer.isBuffer(data) ? data.toString('latin1') : ''))
  await once(client, 'message')
  assert.equal(client.protocol, 'other')
  assert.equal(client.extensions, '')
  client.send('hello')
  await once(client, 'message')
  client.send('bye')
  await once(client, 'message')
  client.close(1000)
  const [code] = await once(client, 'close')
  assert.equal(code, 1000)
  assert.deepEqual(heard, ['welcome', 'hello', '\x00\xff'])
})

test('the WebSocket of Node itself plays its part', async (t) => {
  const client = new WebSocket(`ws://127.0.0.1:${await playing(t, CHAT)}/`, 'other')
  client.binaryType = 'arraybuffer'
  const heard: string[] = []
  const next = async (): Promise<void> => {
    const [event]: unknown[] = await once(client, 'message')
    assert.ok(event instanceof MessageEvent)
    heard.push(typeof event.data === 'string' ? event.data : Buffer.from(event.data).toString('latin1'))
  }
  await next()
  client.send('hello')
  await next()
  client.send('bye')
  await next()
  client.close(1000)
  const [event]: unknown[] = await once(client, 'close')
  assert.ok(event instanceof CloseEvent && event.wasClean)
  assert.deepEqual(heard, ['welcome', 'hello', '\x00\xff'])
})

function aSwitch(short: readonly string[], more: Partial<HttpResponse> = {}): HttpResponse {
  return {
    status: 101,
    reason: 'Sure',
    httpVersion: '1.1',
    headers: [
      ['upgrade', 'WebSocket'],
      ['sec-websocket-accept', 'of-another-key'],
      ['Set-Cookie', 'a=1'],
      ['Sec-WebSocket-Protocol', 'other'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate'],
      ['Set-Cookie', 'b=2'],
      ['Connection', 'Upgrade'],
    ],
    body: new Uint8Array(0),
    trailers: [],
    frames: framesOf(short),
    ...more,
  }
}

async function playing(
  t: TestContext,
  short: readonly string[],
  more: Partial<HttpResponse> = {},
): Promise<number> {
  const server = await serve({ listen: ':0', handler: () => aSwitch(short, more), closeDeadlineMs: 100 })
  t.after(() => server.close())
  return server.port
}

function masked(...short: string[]): string {
  return framesOf(short)
    .map((frame) => Buffer.from(frameBytes(frame, true)).toString('latin1'))
    .join('')
}
