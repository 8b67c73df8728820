import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import type { Handler, HttpResponse } from '../../src/core/exchange.ts'
import type { HandedServer } from '../../src/wire/handed-connections.ts'
import type { RunningServer } from '../../src/wire/listener.ts'
import { serve, serveHanded, type ServeOptions } from '../../src/wire/server.ts'
import { ask, http2Client } from '../support/http2-peers.ts'
import { rawClient } from '../support/raw-socket.ts'
import { LOCALHOST } from '../support/tls-fixture.ts'

suite('a server that shares its connections', () => {
  test('serves those itself that nobody else does, and hands over the others unread', async (t) => {
    const { port, other } = await aPairOfServers(t, alternately())
    for (const expected of ['own', 'other', 'own', 'other']) {
      const client = await rawClient(t, port)
      client.send('GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
      await client.until(`${expected} /a`)
      client.send('GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      assert.match((await client.closed()).text, new RegExp(`${expected} /b$`))
    }
    assert.equal(other.port, port)
  })

  test('answers a client that has ended its side', async (t) => {
    const { port } = await aPairOfServers(t, alternately())
    for (const expected of ['own', 'other']) {
      const client = await rawClient(t, port)
      client.socket.end('GET /half HTTP/1.1\r\nHost: x\r\n\r\n')
      assert.match((await client.closed()).text, new RegExp(`${expected} /half$`))
    }
  })

  test('speaks HTTP/2 and HTTP/1.1 over TLS on both sides', async (t) => {
    const { port } = await aPairOfServers(t, alternately(), { tls: LOCALHOST })
    for (const expected of ['own', 'other']) {
      const session = await http2Client(t, port)
      assert.equal((await ask(session, [':method', 'GET', ':path', '/h2'])).body, `${expected} /h2`)
    }
  })

  test('gives no client longer for a head than it has elsewhere', async (t) => {
    const { port } = await aPairOfServers(t, alternately(), { clientTimeoutMs: 100 })
    for (const _ of ['own', 'other']) {
      const client = await rawClient(t, port)
      client.send('GET /slow HTTP/1.1\r\n')
      assert.match((await client.closed()).text, /^HTTP\/1\.1 408 /)
    }
  })

  test('ends each connection with its next answer when clients are to come anew, and says so', async (t) => {
    const { port, own, other } = await aPairOfServers(t, alternately())
    const clients = [await rawClient(t, port), await rawClient(t, port)]
    for (const client of clients) {
      client.send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\n')
      assert.doesNotMatch(await client.until(/(own|other) \/1$/), /Connection: close/)
    }
    own.renew()
    other.renew()
    for (const client of clients) {
      client.send('POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi')
      const { text, failed } = await client.closed()
      assert.match(text, /Connection: close\r\n[^]*(own|other) \/2$/)
      assert.equal(failed, false)
    }
    const later = await rawClient(t, port)
    for (const target of ['/3', '/4']) {
      later.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)
      assert.doesNotMatch(await later.until(target), /Connection: close/)
    }
  })

  test('leaves a connection whose client does not wait for its answers, so that none is lost', async (t) => {
    const { port, own } = await aPairOfServers(t, () => false)
    const client = await rawClient(t, port)
    const two = ['/a', '/b'].map((target) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
    client.send(two)
    await client.until('own /b')
    own.renew()
    client.send(two)
    const text = await client.until(/(own \/a[^]*own \/b[^]*){2}/)
    assert.doesNotMatch(text, /Connection: close/)
  })

  test('lets answers under way finish when it closes, and closes idle connections at once', async (t) => {
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<HttpResponse>()
    const handler: Handler = () => {
      asked.resolve()
      return answer.promise
    }
    const { port, own, other } = await aPairOfServers(t, () => true, {}, handler)
    const idle = await rawClient(t, port)
    const client = await rawClient(t, port)
    client.send('GET /late HTTP/1.1\r\nHost: x\r\n\r\n')
    await asked.promise
    const closing = Promise.all([own.close(), other.close()])
    await idle.closed()
    answer.resolve(says('late'))
    assert.match((await client.closed()).text, /late$/)
    await closing
  })
})

/** The first connection stays, the second goes, and so on. */
function alternately(): () => boolean {
  let count = 0
  return () => (count += 1) % 2 === 0
}

async function aPairOfServers(
  t: TestContext,
  goes: () => boolean,
  options: Partial<ServeOptions> = {},
  handler?: Handler,
): Promise<{ readonly port: number; readonly own: RunningServer; readonly other: HandedServer }> {
  const answering =
    (who: string): Handler =>
    (request) =>
      handler === undefined ? says(`${who} ${request.target}`) : handler(request)
  const share = (socket: Socket): boolean => {
    if (!goes()) return false
    other.admit(socket)
    return true
  }
  const own = await serve({ ...options, listen: '127.0.0.1:0', handler: answering('own'), share })
  const other = serveHanded({ ...options, listen: `127.0.0.1:${own.port}`, handler: answering('other') })
  t.after(() => Promise.all([own.close(), other.close()]))
  return { port: own.port, own, other }
}

function says(text: string): HttpResponse {
  const headers = [['Content-Length', String(text.length)]] as const
  return { status: 200, reason: 'OK', httpVersion: '1.1', headers, body: Buffer.from(text), trailers: [] }
}
