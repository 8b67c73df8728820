import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { serveForwarding } from '../../src/wire/record-server.ts'
import { serve } from '../../src/wire/server.ts'
import { aResponse } from '../support/a-pair.ts'
import { rawClient, rawUpstream } from '../support/raw-socket.ts'
import { tapLog } from '../support/tap-log.ts'

const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'
const POST = 'POST /seen HTTP/1.1\r\nHost: x\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

/** Shapes that two servers read in two ways; behind each hides a request that only one of them would see. */
const SHAPES: readonly (readonly [name: string, request: string])[] = [
  [
    'a length beside the chunked coding (CL.TE)',
    `${POST}Content-Length: ${HIDDEN.length + 5}\r\n${CHUNKED}\r\n0\r\n\r\n${HIDDEN}`,
  ],
  [
    'the chunked coding beside a length (TE.CL)',
    `${POST}${CHUNKED}Content-Length: 4\r\n\r\n${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  ],
  [
    'two lengths that differ',
    `${POST}Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  ],
  ['two lengths that agree', `${POST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${HIDDEN}`],
  ['a list of lengths', `${POST}Content-Length: 0, 0\r\n\r\n${HIDDEN}`],
  ['a signed length', `${POST}Content-Length: +0\r\n\r\n${HIDDEN}`],
  ['a hexadecimal length', `${POST}Content-Length: 0x0\r\n\r\n${HIDDEN}`],
  ['an empty length', `${POST}Content-Length:\r\n\r\n${HIDDEN}`],
  [
    'chunked that is not the last coding',
    `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  ],
  ['a coding before chunked', `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['a coding that is not chunked', `${POST}Transfer-Encoding: identity\r\n\r\n${HIDDEN}`],
  ['a coding that only looks like chunked', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['chunked twice', `${POST}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n${HIDDEN}`],
  ['a quoted chunked', `${POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['a vertical tab before chunked', `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  [
    'a transfer coding in HTTP/1.0',
    `POST /seen HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n${CHUNKED}\r\n0\r\n\r\n${HIDDEN}`,
  ],
  ['a folded field', `${POST}X-A: 1\r\n Content-Length: 5\r\n\r\n${HIDDEN}`],
  ['a folded transfer coding', `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ['lines that end in LF alone', `POST /seen HTTP/1.1\nHost: x\nContent-Length: 0\n\n${HIDDEN}`],
  ['a field that ends in LF alone', `${POST}X-A: 1\nContent-Length: 5\r\n\r\n${HIDDEN}`],
  ['a field with CR in it', `${POST}X-A: 1\rContent-Length: 5\r\n\r\n${HIDDEN}`],
  ['white space before a colon', `${POST}Content-Length : 0\r\n\r\n${HIDDEN}`],
  ['white space before the first field', `POST /seen HTTP/1.1\r\n Host: x\r\n\r\n${HIDDEN}`],
  ['NUL in a value', `${POST}X-A: a\x00b\r\n\r\n${HIDDEN}`],
  ['NUL in a name', `${POST}X\x00A: b\r\n\r\n${HIDDEN}`],
  ['an empty name', `${POST}: b\r\n\r\n${HIDDEN}`],
  ['two Hosts', `${POST}Host: y\r\n\r\n${HIDDEN}`],
  ['no Host', `POST /seen HTTP/1.1\r\nContent-Length: 0\r\n\r\n${HIDDEN}`],
  ['a version that is none', `POST /seen HTTP/1.2\r\nHost: x\r\n\r\n${HIDDEN}`],
  ['a target with white space', `POST /se en HTTP/1.1\r\nHost: x\r\n\r\n${HIDDEN}`],
]

/** Content that goes wrong once a request is under way. */
const CONTENTS: readonly (readonly [name: string, content: string])[] = [
  ['a chunk size that is none', `zz\r\n${HIDDEN}`],
  ['a signed chunk size', `+4\r\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a hexadecimal prefix', `0x4\r\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk size with white space before it', ` 4\r\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk size that ends in LF alone', `4\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk that is longer than its size', `3\r\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk size past 64 bits', `fffffffffffffffff\r\n${HIDDEN}`],
  ['an extension with a line break', `4;a=b\nX\r\nbody\r\n0\r\n\r\n${HIDDEN}`],
  ['a trailer that ends in LF alone', `0\r\nX-A: 1\n\r\n${HIDDEN}`],
]

suite('a request that could be read in two ways', () => {
  for (const [name, request] of SHAPES) {
    test(`${name}: is refused with a 400 and a closed connection, recorded or replayed`, async (t) => {
      const { ports, upstream, handled } = await bothServers(t)
      for (const port of ports) {
        const client = await rawClient(t, port)
        client.send(request)
        assert.match((await client.closed()).text, /^HTTP\/1\.1 400 Bad Request\r\n/)
        assert.equal(client.text().split('HTTP/1.1 ').length, 2)
      }
      assert.equal(upstream(), '')
      assert.deepEqual(handled, [])
    })
  }

  for (const [name, content] of CONTENTS) {
    test(`content with ${name}: is refused with a 400 and a closed connection, and what hides in it is seen by nobody`, async (t) => {
      const { ports, upstream, handled } = await bothServers(t)
      for (const port of ports) {
        const client = await rawClient(t, port)
        client.send(`${POST}${CHUNKED}\r\n${content}`)
        assert.match((await client.closed()).text, /^HTTP\/1\.1 400 Bad Request\r\n/)
        assert.equal(client.text().split('HTTP/1.1 ').length, 2)
      }
      assert.doesNotMatch(upstream(), /hidden/)
      assert.deepEqual(handled, [])
    })
  }
})

test('a client that takes reseal for its proxy is told that it is none', async (t) => {
  const { ports } = await bothServers(t)
  for (const port of ports) {
    const client = await rawClient(t, port)
    client.send('CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n')
    const { text, failed } = await client.closed()
    assert.match(text, /^HTTP\/1\.1 501 Not Implemented\r\n[^]*not by a proxy setting/)
    assert.equal(failed, false)
  }
})

suite('bytes behind a whole request', () => {
  test('that are another request are one', async (t) => {
    const { ports, upstream, handled } = await bothServers(t)
    for (const port of ports) {
      const client = await rawClient(t, port)
      client.send(`${POST}Content-Length: 2\r\n\r\nok${HIDDEN}`)
      await client.until((text) => text.split('HTTP/1.1 200').length === 3)
    }
    assert.match(upstream(), /POST \/seen/)
    assert.match(upstream(), /GET \/hidden/)
    assert.deepEqual(handled, ['/seen', '/hidden'])
  })

  test('that are none are refused with a 400 behind the answer, and the connection is closed', async (t) => {
    const { ports, upstream, handled } = await bothServers(t)
    for (const port of ports) {
      const client = await rawClient(t, port)
      client.send(`${POST}Content-Length: 2\r\n\r\nok!stray bytes\r\n\r\n${HIDDEN}`)
      const { text } = await client.closed()
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*okHTTP\/1\.1 400 Bad Request\r\n/)
      assert.equal(text.split('HTTP/1.1 ').length, 3)
    }
    assert.doesNotMatch(upstream(), /stray|hidden/)
    assert.deepEqual(handled, ['/seen'])
  })
})

/** A recorder in front of an upstream, and a server over a handler, as a replay is. */
async function bothServers(t: TestContext): Promise<{
  readonly ports: readonly number[]
  /** All that came to the upstream. */
  readonly upstream: () => string
  /** Targets that the handler saw. */
  readonly handled: readonly string[]
}> {
  const upstream = await rawUpstream(t, (socket) => {
    socket.socket.on('data', () => socket.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  const recorder = await serveForwarding({
    listen: ':0',
    target: upstream.url,
    tap: tapLog().tap,
    closeDeadlineMs: 100,
  })
  const handled: string[] = []
  const replay = await serve({
    listen: ':0',
    closeDeadlineMs: 100,
    handler: ({ target }) => {
      handled.push(target)
      return aResponse({ headers: [['Content-Length', '2']], body: 'ok' })
    },
  })
  t.after(() => Promise.all([recorder.close(), replay.close()]))
  return {
    ports: [recorder.port, replay.port],
    upstream: () => upstream.connections.map((connection) => connection.text()).join(''),
    handled,
  }
}
