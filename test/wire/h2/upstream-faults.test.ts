import assert from 'node:assert/strict'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { test, type TestContext } from 'node:test'
import { ask, http2Client, http2Upstream } from '../../support/http2-peers.ts'
import { proxying } from '../../support/proxying.ts'
import { LOCALHOST } from '../../support/tls-fixture.ts'

const TRUSTING = { tls: LOCALHOST, insecureUpstream: true }

/** What a client gets through the recorder from such an upstream, and what the tap heard. */
async function asked(
  t: TestContext,
  onStream: (stream: ServerHttp2Stream, raw: readonly string[]) => void,
  options: Partial<Parameters<typeof proxying>[2]> = {},
  fields: readonly string[] = [],
) {
  const upstream = await http2Upstream(t, onStream, { maxSendHeaderBlockLength: 1024 * 1024 })
  const { proxy, log } = await proxying(t, upstream.url, { ...TRUSTING, ...options })
  const answer = await ask(await http2Client(t, proxy.port), [':path', '/', ...fields])
  return { answer, heard: log.entries[0] }
}

/** Sends RST_STREAM without the END_STREAM that Node would send before. */
function resetWithoutError(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_NO_ERROR)
}

test('a reset without an error in the middle of an answer is none the less a broken answer', async (t) => {
  const { answer, heard } = await asked(t, (stream) => {
    stream.respond([':status', '200'], { waitForTrailers: true })
    stream.write('begun', () => resetWithoutError(stream))
  })
  assert.equal(answer.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
  assert.equal(heard?.failed?.[0], 'upstream aborted')
})

test('a reset without an error in the place of an answer is a 502', async (t) => {
  const { answer, heard } = await asked(t, resetWithoutError)
  assert.equal(answer.head[1], '502')
  assert.equal(heard?.failed?.[0], 'upstream error')
})

test('an upstream that falls silent between two pieces is given up', async (t) => {
  const { answer, heard } = await asked(
    t,
    (stream) => {
      stream.respond([':status', '200'])
      stream.write('begun')
    },
    { upstreamTimeoutMs: 1000 },
  )
  assert.equal(answer.body, 'begun')
  assert.equal(answer.rstCode, constants.NGHTTP2_INTERNAL_ERROR)
  assert.deepEqual(heard?.failed, [
    'upstream aborted',
    'The upstream broke off its answer: no more content within 1000 ms',
  ])
})

test('a head as large as one of HTTP/1.1 may be passes', async (t) => {
  const fields = Array.from({ length: 30 }, (_, index) => [`x-${index}`, 'v'.repeat(4000)]).flat()
  const { answer } = await asked(t, (stream) => {
    stream.respond([':status', '200', ...fields], { endStream: true, sendDate: false } as object)
  })
  assert.deepEqual(answer.head, [':status', '200', ...fields])
})

test('a head larger than that is a 502', async (t) => {
  const { answer, heard } = await asked(t, (stream) => {
    const fields = Array.from({ length: 10_000 }, (_, index) => [`x-${index}`, '12345678']).flat()
    stream.respond([':status', '200', ...fields], { endStream: true })
  })
  assert.equal(answer.head[1], '502')
  assert.match(answer.body, /is not valid HTTP: its head has more than 131072 bytes/)
  assert.equal(heard?.failed?.[0], 'upstream error')
})

test('the host is kept and the client named over HTTP/2 where that was asked for', async (t) => {
  let seen: readonly string[] = []
  await asked(
    t,
    (stream, raw) => {
      seen = raw
      stream.respond([':status', '200'], { endStream: true })
    },
    { preserveHost: true, xfwd: true },
    ['x-forwarded-for', '10.0.0.9'],
  )
  const named = new Map(seen.flatMap((name, at) => (at % 2 === 0 ? [[name, seen[at + 1]] as const] : [])))
  assert.equal(named.get(':authority'), 'api.example')
  assert.equal(named.get('x-forwarded-for'), '10.0.0.9, 127.0.0.1')
  assert.equal(named.get('x-forwarded-host'), 'api.example')
  assert.equal(named.get('x-forwarded-proto'), 'https')
})
