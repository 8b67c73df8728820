import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecorder, type RecorderOptions } from '../../src/capture/recorder.ts'
import type { RequestHead, ResponseHead } from '../../src/core/exchange.ts'
import type { RRPair } from '../../src/core/pair.ts'

const ROUTE = { listen: '127.0.0.1:8080', target: 'http://staging.example' }

test('an exchange becomes a pair with its bytes, trailers, times and route', async () => {
  const { recorder, stored, pass } = recording()
  const tap = recorder.begin(aHead(), ROUTE)
  pass(5)
  tap.requestData(Buffer.from('que'))
  tap.requestData(Buffer.from('stion'))
  tap.requestEnd([['X-T', '1']])
  pass(2.5)
  tap.responseHead(anAnswer())
  tap.responseData(Buffer.from('\x1f\x8b\xff', 'latin1'))
  pass(10)
  assert.equal(tap.responseEnd([['X-Sum', '2']]), undefined)
  await recorder.settled()
  assert.deepEqual(stored, [
    {
      id: 1,
      at: 1_800_000_000_000,
      firstByteMs: 7.5,
      tookMs: 17.5,
      route: ROUTE,
      outcome: 'complete',
      error: undefined,
      requestBytes: 8,
      responseBytes: 3,
      requestTruncated: false,
      responseTruncated: false,
      request: { ...aHead(), body: bytes('question'), trailers: [['X-T', '1']] },
      response: { ...anAnswer(), body: bytes('\x1f\x8b\xff'), trailers: [['X-Sum', '2']] },
    },
  ])
  assert.deepEqual(recorder.summary(), {
    pairs: 1,
    notStored: 0,
    pending: 0,
    bytes: 11,
    truncated: 0,
    failed: 0,
  })
})

test('ids are given in order of arrival, from the first id on, whatever ends first', async () => {
  const { recorder, stored } = recording({ firstId: 41 })
  const first = recorder.begin(aHead(), ROUTE)
  const second = recorder.begin(aHead(), ROUTE)
  finish(second)
  finish(first)
  await recorder.settled()
  assert.deepEqual(
    stored.map(({ id }) => id),
    [42, 41],
  )
})

test('chunks are copied, since their memory is used again', async () => {
  const { recorder, stored } = recording()
  const tap = recorder.begin(aHead(), ROUTE)
  const chunk = Buffer.from('abc')
  tap.requestData(chunk)
  chunk.fill('x')
  finish(tap)
  await recorder.settled()
  assert.deepEqual(stored[0]?.request.body, bytes('abc'))
})

test('past the limit a body is counted and no longer kept', async () => {
  const { recorder, stored } = recording({ maxBodyBytes: 4 })
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestData(Buffer.from('four'))
  tap.requestEnd([])
  tap.responseHead(anAnswer())
  tap.responseData(Buffer.from('abc'))
  tap.responseData(Buffer.from('defg'))
  tap.responseData(Buffer.from('h'))
  void tap.responseEnd([])
  await recorder.settled()
  const [pair] = stored
  assert.deepEqual(
    [pair?.requestTruncated, pair?.requestBytes, pair?.request.body],
    [false, 4, bytes('four')],
  )
  assert.deepEqual(
    [pair?.responseTruncated, pair?.responseBytes, pair?.response?.body],
    [true, 8, bytes('abcd')],
  )
  assert.equal(recorder.summary().truncated, 1)
})

test('an exchange that failed is a pair with what passed and what broke', async () => {
  const { recorder, stored } = recording()
  const unanswered = recorder.begin(aHead(), ROUTE)
  unanswered.requestEnd([])
  unanswered.failed('upstream error', 'connect ECONNREFUSED')
  const cut = recorder.begin(aHead(), ROUTE)
  cut.responseHead(anAnswer())
  cut.responseData(Buffer.from('half'))
  cut.failed('upstream aborted', 'aborted')
  await recorder.settled()
  assert.deepEqual(
    stored.map(({ outcome, error, response, firstByteMs }) => [outcome, error, response?.body, firstByteMs]),
    [
      ['upstream error', 'connect ECONNREFUSED', undefined, undefined],
      ['upstream aborted', 'aborted', bytes('half'), 0],
    ],
  )
  assert.equal(recorder.summary().failed, 2)
})

test('after an early answer the pair waits for the rest of its request', async () => {
  const { recorder, stored, pass } = recording({ waitForCommit: true })
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestData(Buffer.from('first'))
  tap.responseHead(anAnswer())
  // The client may wait for the whole answer before it goes on, so nothing is held back here.
  assert.equal(tap.responseEnd([]), undefined)
  assert.equal(recorder.summary().pending, 1)
  pass(100)
  tap.requestData(Buffer.from('second'))
  tap.requestEnd([])
  await recorder.settled()
  assert.deepEqual(stored[0]?.request.body, bytes('firstsecond'))
  assert.equal(stored[0]?.outcome, 'complete')
  assert.equal(stored[0]?.tookMs, 0, 'the exchange took until its response had ended')
})

test('with waitForCommit the end of the response waits for the sink', async () => {
  const commit = Promise.withResolvers<void>()
  const { recorder } = recording({ waitForCommit: true, sink: { put: () => commit.promise } })
  let committed = false
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestEnd([])
  tap.responseHead(anAnswer())
  const held = tap.responseEnd([])?.then(() => (committed = true))
  await Promise.resolve()
  assert.equal(committed, false)
  commit.resolve()
  await held
  assert.equal(recorder.summary().pairs, 1)
})

test('a sink that fails is reported and counted, and never thrown into the proxy', async () => {
  const errors: [unknown, number][] = []
  const full = new Error('disk full')
  const onError = (error: unknown, pair: RRPair): void => void errors.push([error, pair.id])
  const sinks = [
    { put: () => Promise.reject(full) },
    {
      put: () => {
        throw full
      },
    },
  ]
  for (const sink of sinks) {
    const { recorder } = recording({ waitForCommit: true, sink, onError })
    const tap = recorder.begin(aHead(), ROUTE)
    tap.requestEnd([])
    tap.responseHead(anAnswer())
    await tap.responseEnd([])
    assert.deepEqual(recorder.summary(), {
      pairs: 0,
      notStored: 1,
      pending: 0,
      bytes: 0,
      truncated: 0,
      failed: 0,
    })
  }
  assert.deepEqual(errors, [
    [full, 1],
    [full, 1],
  ])
})

test('settled waits for exchanges under way and for their commits, and is at once true of none', async () => {
  const commit = Promise.withResolvers<void>()
  const { recorder } = recording({ sink: { put: () => commit.promise } })
  await recorder.settled()
  const tap = recorder.begin(aHead(), ROUTE)
  let settled = false
  const settling = recorder.settled().then(() => (settled = true))
  finish(tap)
  await Promise.resolve()
  assert.equal(settled, false)
  commit.resolve()
  await settling
})

test('frames are kept with their times, and copied', async () => {
  const { recorder, stored, pass } = recording()
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestEnd([])
  tap.responseHead({ ...anAnswer(), status: 101 })
  pass(5)
  const payload = Buffer.from('hello')
  tap.frame({ from: 'client', fin: true, opcode: 1, payload })
  payload.fill(0)
  void tap.responseEnd([])
  await recorder.settled()
  assert.deepEqual(stored[0]?.response?.frames, [
    { from: 'client', fin: true, opcode: 1, payload: bytes('hello'), atMs: 5 },
  ])
  assert.equal(stored[0]?.responseTruncated, false)
})

test('a pair whose frames are not all there says why, and counts as truncated', async () => {
  const { recorder, stored } = recording({ maxBodyBytes: 4 })
  const begin = () => {
    const tap = recorder.begin(aHead(), ROUTE)
    tap.requestEnd([])
    tap.responseHead({ ...anAnswer(), status: 101 })
    return tap
  }
  const frame = { from: 'server', fin: true, opcode: 2, payload: bytes('abc') } as const
  const long = begin()
  long.frame(frame)
  long.frame(frame)
  long.frame({ ...frame, payload: bytes('') })
  void long.responseEnd([])
  const unread = begin()
  unread.framesLost('The server sent nonsense')
  void unread.responseEnd([])
  await recorder.settled()
  assert.deepEqual(
    stored.map(({ outcome, error, responseTruncated, response }) => [
      outcome,
      error,
      responseTruncated,
      response?.frames?.length,
    ]),
    [
      ['complete', 'The frames come to more than 4 bytes', true, 1],
      ['complete', 'The server sent nonsense', true, undefined],
    ],
  )
  assert.equal(recorder.summary().truncated, 2)
})

test('onPair is told of pairs once they are committed', async () => {
  const told: number[] = []
  const { recorder, stored } = recording({ onPair: (pair) => told.push(pair.id + stored.length * 10) })
  finish(recorder.begin(aHead(), ROUTE))
  await recorder.settled()
  assert.deepEqual(told, [11])
})

function recording(over: Partial<RecorderOptions> = {}) {
  const stored: RRPair[] = []
  let monotonicMs = 1000
  const recorder = createRecorder({
    sink: {
      async put(pair) {
        await Promise.resolve()
        stored.push(pair)
      },
    },
    clock: { now: () => 1_800_000_000_000, monotonicMs: () => monotonicMs },
    ...over,
  })
  return { recorder, stored, pass: (ms: number) => (monotonicMs += ms) }
}

function finish(tap: ReturnType<ReturnType<typeof createRecorder>['begin']>): void {
  tap.requestEnd([])
  tap.responseHead(anAnswer())
  void tap.responseEnd([])
}

function aHead(): RequestHead {
  return {
    scheme: 'http',
    authority: 'staging.example',
    method: 'POST',
    target: '/a?b',
    httpVersion: '1.1',
    headers: [['Host', 'staging.example']],
  }
}

function anAnswer(): ResponseHead {
  return { status: 200, reason: 'OK', httpVersion: '1.1', headers: [['Content-Encoding', 'gzip']] }
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}
