import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import type { HttpRequest } from '../../src/core/exchange.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import { serveForwarding, type RecordServerOptions } from '../../src/wire/record-server.ts'
import { serve } from '../../src/wire/server.ts'
import { aResponse } from '../support/a-pair.ts'
import { answering, rawClient, rawUpstream, type RawUpstream } from '../support/raw-socket.ts'
import { tapLog } from '../support/tap-log.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** So long that a busy machine is not taken for a slow peer. All tests here wait for it at the same time. */
const TIMEOUT_MS = 1500
/** Content that keeps coming, in pieces. */
const PIECE = 'x'.repeat(200)
const PIECES = 35
const EVERY_MS = 100

suite('time limits', { concurrency: true }, () => {
  test('a head that does not become whole is answered 408, and its connection closed', async (t) => {
    const ask = async ({ port }: RunningServer): Promise<void> => {
      const client = await rawClient(t, port)
      client.send('GET / HTTP/1.1\r\nHost: x\r\n')
      const drip = setInterval(() => client.send('X-A: 1\r\n'), 20)
      t.after(() => clearInterval(drip))
      const { text } = await client.closed()
      clearInterval(drip)
      assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    }
    await Promise.all((await bothServers(t)).map(ask))
  })

  test('content that trickles is answered 408, its connection closed and the upstream released', async (t) => {
    const upstream = await rawUpstream(t, () => {})
    const log = tapLog()
    const recorder = await recording(t, upstream, log.tap)
    const ask = async ({ port }: RunningServer): Promise<void> => {
      const client = await rawClient(t, port)
      client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n')
      const drip = setInterval(() => client.send('x'), 25)
      t.after(() => clearInterval(drip))
      const { text } = await client.closed()
      clearInterval(drip)
      assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[^]*--client-timeout/)
    }
    await Promise.all([recorder, await replaying(t)].map(ask))
    await upstream.connections[0]?.closed()
    assert.deepEqual(log.entries[0]?.failed, [
      'client aborted',
      'The client held back the content of its request for too long',
    ])
  })

  test('content that trickles behind an early answer is not waited for', async (t) => {
    const upstream = await answering(t, OK)
    const log = tapLog()
    const server = await recording(t, upstream, log.tap)
    const client = await rawClient(t, server.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n')
    const drip = setInterval(() => client.send('x'), 25)
    t.after(() => clearInterval(drip))
    const { text } = await client.closed()
    clearInterval(drip)
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*ok$/)
    assert.equal(log.entries[0]?.failed, undefined)
  })

  test('content that keeps coming may take as long as it likes', async (t) => {
    const ask = async ({ port }: RunningServer): Promise<void> => {
      const client = await rawClient(t, port)
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${PIECE.length * PIECES}\r\n\r\n`)
      for (let sent = 0; sent < PIECES; sent += 1) {
        client.send(PIECE)
        await wait(EVERY_MS)
      }
      assert.match(await client.until('ok'), /^HTTP\/1\.1 200 OK\r\n/)
    }
    assert.ok(PIECES * EVERY_MS > 2 * TIMEOUT_MS)
    await Promise.all((await bothServers(t)).map(ask))
  })

  test('a kept connection holds nothing of requests that are over, however their content came', async (t) => {
    const listeners: number[] = []
    const server = await replaying(t, ({ method, connection }) => {
      if (method === 'GET' && connection instanceof Socket) listeners.push(connection.listenerCount('close'))
    })
    const client = await rawClient(t, server.port)
    const answers = (count: number) => client.until((text) => text.split('ok').length > count)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await answers(1)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody')
    await answers(2)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    await client.until('100 Continue')
    client.send('body')
    await answers(3)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await answers(4)
    assert.equal(listeners[1], listeners[0])
  })

  test('a client that is kept waiting for its 100 or by a slow upstream holds nothing back', async (t) => {
    const upstream = await rawUpstream(t, async (socket) => {
      await socket.until('\r\n\r\n')
      await wait(TIMEOUT_MS * 2.5)
      socket.send('HTTP/1.1 100 Continue\r\n\r\n')
      await socket.until('body')
      socket.send(OK)
    })
    const server = await recording(t, upstream)
    const client = await rawClient(t, server.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await client.until('100 Continue')
    client.send('body')
    assert.match(await client.until('ok'), /200 OK/)
  })

  test('an upstream that does not answer an expectation is a 504', async (t) => {
    const server = await recording(t, await rawUpstream(t, () => {}), undefined, {
      upstreamTimeoutMs: TIMEOUT_MS,
    })
    const client = await rawClient(t, server.port)
    client.send('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await client.until('HTTP/1.1 504 Gateway Timeout')
  })

  test('an upstream that pauses in its content for too long is given up, and its client reset', async (t) => {
    const log = tapLog()
    const upstream = await rawUpstream(t, async (socket) => {
      await socket.until('\r\n\r\n')
      socket.send('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfirst')
    })
    const server = await recording(t, upstream, log.tap, { upstreamTimeoutMs: TIMEOUT_MS })
    const client = await rawClient(t, server.port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until('first')
    assert.equal((await client.closed()).failed, true)
    await upstream.connections[0]?.closed()
    assert.deepEqual(log.entries[0]?.failed, [
      'upstream aborted',
      `The upstream broke off its answer: no more content within ${TIMEOUT_MS} ms`,
    ])
  })

  test('an upstream that waits for a slow client is not given up', async (t) => {
    const total = 32 * 1024 * 1024
    const upstream = await rawUpstream(t, async (socket) => {
      await socket.until('\r\n\r\n')
      socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      socket.socket.write(Buffer.alloc(total, 'x'))
    })
    const server = await recording(t, upstream, undefined, { upstreamTimeoutMs: TIMEOUT_MS })
    const client = await rawClient(t, server.port)
    client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await client.until('HTTP/1.1')
    client.socket.pause()
    await wait(TIMEOUT_MS * 2.5)
    client.socket.resume()
    const { text, failed } = await client.closed()
    assert.equal(failed, false)
    assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, total)
  })

  test('fifty clients that never finish their heads are gone in time, and others are served meanwhile', async (t) => {
    const ask = async ({ port }: RunningServer): Promise<void> => {
      const slow = await Promise.all(Array.from({ length: 50 }, () => rawClient(t, port)))
      for (const client of slow) client.send('GET / HTTP/1.1\r\nX-A: ')
      let gone = false
      const others = async (): Promise<number> => {
        for (let served = 0; ; served += 1) {
          const client = await rawClient(t, port)
          client.send('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
          assert.match((await client.closed()).text, /^HTTP\/1\.1 200 OK/)
          if (gone) return served
          await wait(5)
        }
      }
      const serving = others()
      await Promise.all(slow.map(({ socket }) => once(socket, 'close')))
      gone = true
      assert.ok((await serving) > 0)
    }
    await Promise.all((await bothServers(t)).map(ask))
  })
})

async function bothServers(t: TestContext): Promise<readonly RunningServer[]> {
  const upstream = await rawUpstream(t, (socket) => {
    socket.socket.on('data', () => {
      const text = socket.text()
      if (/^GET [^]*\r\n\r\n$/.test(text) || text.endsWith(`\r\n\r\n${PIECE.repeat(PIECES)}`)) socket.send(OK)
    })
  })
  return [await recording(t, upstream), await replaying(t)]
}

async function recording(
  t: TestContext,
  { url }: RawUpstream,
  tap: RecordServerOptions['tap'] = tapLog().tap,
  options: Partial<RecordServerOptions> = {},
): Promise<RunningServer> {
  const server = await serveForwarding({
    listen: ':0',
    target: url,
    tap,
    closeDeadlineMs: 100,
    clientTimeoutMs: TIMEOUT_MS,
    ...options,
  })
  t.after(() => server.close())
  return server
}

async function replaying(
  t: TestContext,
  seen: (request: HttpRequest) => void = () => {},
): Promise<RunningServer> {
  const server = await serve({
    listen: ':0',
    closeDeadlineMs: 100,
    clientTimeoutMs: TIMEOUT_MS,
    handler: (request) => {
      seen(request)
      return aResponse({ headers: [['Content-Length', '2']], body: 'ok' })
    },
  })
  t.after(() => server.close())
  return server
}
