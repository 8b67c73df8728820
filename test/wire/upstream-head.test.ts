import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { serveForwarding, type RecordServerOptions } from '../../src/wire/record-server.ts'
import { answering, rawClient } from '../support/raw-socket.ts'
import { tapLog } from '../support/tap-log.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test("Host is the target's own, and the client's with preserveHost", async (t) => {
  const request = 'GET / HTTP/1.1\r\nX-A: 1\r\nhOST: client.example:81\r\nConnection: close\r\n\r\n'
  const [own, port] = await forwarded(t, request, {})
  assert.equal(own, `GET / HTTP/1.1\r\nX-A: 1\r\nhOST: 127.0.0.1:${port}\r\n\r\n`)
  const [kept] = await forwarded(t, request, { preserveHost: true })
  assert.equal(kept, 'GET / HTTP/1.1\r\nX-A: 1\r\nhOST: client.example:81\r\n\r\n')
})

test('a client of HTTP/1.0 without a Host gets that of the target even with preserveHost', async (t) => {
  const [head, port] = await forwarded(t, 'GET / HTTP/1.0\r\n\r\n', { preserveHost: true })
  assert.equal(head, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
})

test('nothing is said of the client, unless with xfwd', async (t) => {
  const request = 'GET / HTTP/1.1\r\nHost: client.example:81\r\nConnection: close\r\n\r\n'
  const [silent] = await forwarded(t, request, {})
  assert.doesNotMatch(silent, /forwarded/i)
  const [told, port] = await forwarded(t, request, { xfwd: true })
  assert.equal(
    told,
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Forwarded-For: 127.0.0.1\r\n` +
      'X-Forwarded-Host: client.example:81\r\nX-Forwarded-Proto: http\r\n\r\n',
  )
})

test('with xfwd the client comes last in the list, and what others said of host and scheme stays', async (t) => {
  const [head] = await forwarded(
    t,
    'GET / HTTP/1.1\r\nHost: x\r\nx-forwarded-for: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n' +
      'X-Forwarded-Host: first.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
    { xfwd: true },
  )
  assert.match(
    head,
    /\r\nX-Forwarded-For: 1\.1\.1\.1, 2\.2\.2\.2, 127\.0\.0\.1\r\nX-Forwarded-Host: first\.example\r\nX-Forwarded-Proto: https\r\n\r\n$/,
  )
})

/** What the upstream gets, and its port. */
async function forwarded(
  t: TestContext,
  request: string,
  options: Partial<RecordServerOptions>,
): Promise<readonly [head: string, port: number]> {
  const upstream = await answering(t, OK)
  const proxy = await serveForwarding({ listen: ':0', target: upstream.url, tap: tapLog().tap, ...options })
  t.after(() => proxy.close())
  const client = await rawClient(t, proxy.port)
  client.send(request)
  await client.closed()
  return [upstream.connections[0]?.text() ?? '', upstream.port]
}
