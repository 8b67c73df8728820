import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Delivery } from '../../src/core/delivery.ts'
import type { Handler, HttpResponse } from '../../src/core/exchange.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import type { ServeOptions } from '../../src/wire/server.ts'
import { rawClient } from '../support/raw-socket.ts'
import { servingWith, tenBytes, timers } from '../support/ten-bytes.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const HEAD_LINES = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n'
/** Longer than any test takes. */
const FOR_EVER_MS = 3_600_000

test('a delayed response is written unchanged, and not before its time', async (t) => {
  const server = await serving(t, { delayMs: 60 })
  const startedMs = performance.now()
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), { text: `${HEAD_LINES}0123456789`, failed: false })
  assert.ok(performance.now() - startedMs >= 59)
})

test('a paced response comes whole, and takes as long as its pace says', async (t) => {
  const server = await serving(t, { bytesPerSecond: 50 })
  const client = await rawClient(t, server.port)
  const startedMs = performance.now()
  client.send(GET)
  assert.deepEqual(await client.closed(), { text: `${HEAD_LINES}0123456789`, failed: false })
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs >= 150, `10 bytes at 50 a second came in ${tookMs} ms`)
})

test('the head of a paced response does not wait for its content', async (t) => {
  const server = await serving(t, { bytesPerSecond: 0.001 })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.equal(await client.until('\r\n\r\n'), HEAD_LINES)
})

test('a reset after 0 bytes comes in the place of the head', async (t) => {
  const server = await serving(t, { resetAfterBytes: 0 })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), { text: '', failed: true })
})

test('a reset after some bytes lets exactly those through', async (t) => {
  const server = await serving(t, { resetAfterBytes: 4 })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), { text: `${HEAD_LINES}0123`, failed: true })
})

test('a reset comes before the end of a chunked response however many bytes it allows', async (t) => {
  const server = await serving(t, { resetAfterBytes: 99 }, { headers: [['Transfer-Encoding', 'chunked']] })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\na\r\n0123456789\r\n',
    failed: true,
  })
})

test('a reset response waits for the answers before it on its connection', async (t) => {
  const first = Promise.withResolvers<HttpResponse>()
  const secondSeen = Promise.withResolvers<void>()
  const server = await servingWith(t, {
    handler: ({ target }) => {
      if (target === '/first') return first.promise
      secondSeen.resolve()
      return tenBytes({ delivery: { resetAfterBytes: 0 } })
    },
  })
  const client = await rawClient(t, server.port)
  client.send('GET /first HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n')
  await secondSeen.promise
  first.resolve(tenBytes({}))
  assert.match((await client.closed()).text, /0123456789$/)
})

test('a stalled response sends what it may and then holds the connection open', async (t) => {
  const server = await serving(t, { stallAfterBytes: 3 }, {}, { closeDeadlineMs: 50 })
  const client = await rawClient(t, server.port)
  client.send(GET)
  await client.until('012')
  await server.close()
  assert.deepEqual(await client.closed(), { text: `${HEAD_LINES}012`, failed: false })
})

test('a delay and a pace can end in a reset', async (t) => {
  const server = await serving(t, { delayMs: 5, bytesPerSecond: 100, resetAfterBytes: 6 })
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.deepEqual(await client.closed(), { text: `${HEAD_LINES}012345`, failed: true })
})

test('an answer to HEAD is delivered without content', async (t) => {
  const server = await serving(t, { bytesPerSecond: 1 })
  const client = await rawClient(t, server.port)
  client.send(GET.replace('GET', 'HEAD'))
  assert.deepEqual(await client.closed(), { text: HEAD_LINES, failed: false })
})

for (const delivery of [{ delayMs: FOR_EVER_MS }, { bytesPerSecond: 0.001 }, { stallAfterBytes: 0 }]) {
  test(
    `nothing is left running when the client goes during ${JSON.stringify(delivery)}`,
    { timeout: 60_000 },
    async (t) => {
      const server = await serving(t, delivery, {}, { closeDeadlineMs: FOR_EVER_MS })
      const before = timers()
      const client = await rawClient(t, server.port)
      client.send(GET)
      // Its own answer shows that the server has read the request before.
      const other = await rawClient(t, server.port)
      other.send('GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      await other.closed()
      client.socket.destroy()
      await server.close()
      // A server may be closed a turn before the last of its sockets says so.
      while (timers() > before) await new Promise((resolve) => setImmediate(resolve))
    },
  )

  test(`a server closes within its deadline during ${JSON.stringify(delivery)}`, async (t) => {
    const server = await serving(t, delivery, {}, { closeDeadlineMs: 30 })
    const client = await rawClient(t, server.port)
    client.send(GET)
    const other = await rawClient(t, server.port)
    other.send('GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await other.closed()
    const startedMs = performance.now()
    await server.close()
    assert.ok(performance.now() - startedMs < 60_000)
  })
}

test('a head that cannot be written is answered 500 after its delay', async (t) => {
  const failures: unknown[] = []
  const server = await serving(
    t,
    { delayMs: 1 },
    { headers: [['X-Bad', 'a\nb']] },
    { onError: (error) => failures.push(error) },
  )
  const client = await rawClient(t, server.port)
  client.send(GET)
  assert.match((await client.closed()).text, /^HTTP\/1\.1 500 /)
  assert.equal(failures.length, 1)
})

/** A server that delivers so on every path but `/plain`. */
function serving(
  t: TestContext,
  delivery: Delivery,
  response: Partial<HttpResponse> = {},
  options: Partial<ServeOptions> = {},
): Promise<RunningServer> {
  const handler: Handler = ({ target }) => tenBytes(target === '/plain' ? {} : { ...response, delivery })
  return servingWith(t, { handler, ...options })
}
