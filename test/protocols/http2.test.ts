import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { test, type TestContext } from 'node:test'
import { Agent, fetch } from 'undici'
import { ask, http2Client, http2Upstream } from '../support/http2-peers.ts'
import { rawUpstream } from '../support/raw-socket.ts'
import { recordingThenReplaying, type Listening } from '../support/recorded-then-replayed.ts'

const run = promisify(execFile)

test('curl gets the same over HTTP/2 from the recorder and from the replay', async (t) => {
  const upstream = await countingUpstream(t)
  const { record, replay } = await recordingThenReplaying(t, upstream.url, {
    tls: true,
    insecureUpstream: true,
  })
  const asked = async (at: Listening) => [
    await curl(at, '/items?a=%2F', '--http2'),
    await curl(at, '/items', '--http2', '-d', 'name=x'),
    await curl(at, '/none', '--http2', '-I'),
  ]
  const recorded = await asked(record)
  upstream.stop()
  const replayed = await replay()
  assert.deepEqual(await asked(replayed), recorded)
  assert.match(
    await curl(replayed, '/items?a=%2F', '--http1.1'),
    /^HTTP\/1\.1 200 OK\r\nx-v: a=1\r\n[^]*GET 1$/,
  )
  assert.deepEqual(
    recorded.map((text) => text.split('\r\n')[0]),
    ['HTTP/2 200 ', 'HTTP/2 200 ', 'HTTP/2 200 '],
  )
  assert.match(recorded[0] ?? '', /x-v: a=1\r\nx-path: \/items\?a=%2F\r\nx-v: b=2\r\n[^]*GET 1$/)
})

test('undici gets the same over HTTP/2 from the recorder and from the replay', async (t) => {
  const upstream = await countingUpstream(t)
  const { record, replay } = await recordingThenReplaying(t, upstream.url, {
    tls: true,
    insecureUpstream: true,
  })
  const asked = async (at: Listening) => {
    const dispatcher = new Agent({ allowH2: true, connect: { ca: readFileSync(at.authorityFile) } })
    const response = await fetch(`https://localhost:${at.port}/a`, { method: 'POST', body: 'x', dispatcher })
    const said = [response.status, response.headers.get('x-v'), await response.text()]
    await dispatcher.close()
    return said
  }
  const recorded = await asked(record)
  upstream.stop()
  assert.deepEqual(await asked(await replay()), recorded)
  assert.deepEqual(recorded, [200, 'a=1, b=2', 'POST x 1'])
})

test('what was recorded over HTTP/1.1 is replayed to HTTP/2, and the other way round', async (t) => {
  const upstream = await rawUpstream(t, async (socket) => {
    await socket.until('\r\n\r\n')
    socket.send(
      'HTTP/1.1 203 Sure\r\nX-A: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n' +
        'Content-Disposition: attachment; filename="\xe9"\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 9\r\n\r\n',
    )
  })
  const { record, replay } = await recordingThenReplaying(t, upstream.url, { tls: true })
  assert.match(await curl(record, '/one', '--http1.1'), /^HTTP\/1\.1 203 Sure\r\n[^]*okX-Sum: 9\r\n$/)
  assert.equal((await ask(await http2Client(t, record.port), [':path', '/two'])).head[1], '203')
  const replayed = await replay()
  assert.deepEqual(await ask(await http2Client(t, replayed.port), [':path', '/one']), {
    interim: [],
    head: [
      ':status',
      '203',
      'x-a',
      '1',
      'content-disposition',
      'attachment; filename="\xe9"',
      'trailer',
      'X-Sum',
    ],
    body: 'ok',
    trailers: ['x-sum', '9'],
    rstCode: 0,
  })
  assert.match(
    await curl(replayed, '/two', '--http1.1'),
    /^HTTP\/1\.1 203 Sure\r\nX-A: 1\r\n[^]*\r\n\r\nokX-Sum: 9\r\n$/,
  )
})

test('trailers that were recorded over HTTP/2 reach clients of HTTP/1.1, in chunks', async (t) => {
  const upstream = await http2Upstream(t, (stream) => {
    stream.respond([':status', '200', 'content-length', '2'], { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': '9' }))
    stream.end('ok')
  })
  const { record, replay } = await recordingThenReplaying(t, upstream.url, {
    tls: true,
    insecureUpstream: true,
  })
  assert.deepEqual((await ask(await http2Client(t, record.port), [':path', '/'])).trailers, ['x-sum', '9'])
  assert.match(
    await curl(await replay(), '/', '--http1.1'),
    /^HTTP\/1\.1 200 OK\r\n[^]*Transfer-Encoding: chunked\r\n[^]*\r\n\r\nokx-sum: 9\r\n$/,
  )
})

test('a request that nothing answers is a 404 over HTTP/2 too', async (t) => {
  const upstream = await countingUpstream(t)
  const { replay } = await recordingThenReplaying(t, upstream.url, { tls: true, insecureUpstream: true })
  const { head, body } = await ask(await http2Client(t, (await replay()).port), [':path', '/nothing'])
  assert.equal(head[1], '404')
  assert.match(body, /NO_RECORDED_PAIR/)
})

async function curl({ port, authorityFile }: Listening, path: string, ...flags: string[]): Promise<string> {
  const fixed = ['-s', '-i', '--cacert', authorityFile]
  const { stdout } = await run('curl', [...fixed, ...flags, `https://localhost:${port}${path}`])
  return stdout
}

/** Says what it was asked, and how often it was asked anything. */
async function countingUpstream(t: TestContext) {
  let count = 0
  return http2Upstream(t, (stream, raw) => {
    const method = raw[raw.indexOf(':method') + 1]
    const path = raw[raw.indexOf(':path') + 1] ?? ''
    let content = ''
    stream.on('data', (chunk: Buffer) => {
      content += chunk.toString()
    })
    stream.on('end', () => {
      count += 1
      stream.respond([':status', '200', 'x-v', 'a=1', 'x-path', path, 'x-v', 'b=2'], {
        endStream: method === 'HEAD',
      })
      if (method !== 'HEAD') stream.end(`${method} ${content === '' ? '' : `${content} `}${count}`)
    })
  })
}
