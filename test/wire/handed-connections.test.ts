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
