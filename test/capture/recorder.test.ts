import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecorder, type RecorderOptions, type RecorderSink } from '../../src/capture/recorder.ts'
import type { ExchangeTap, RequestHead, ResponseHead } from '../../src/core/exchange.ts'
import type { AskedPair, RecordedGap, RRPair } from '../../src/core/pair.ts'

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
  await tap.responseEnd([['X-Sum', '2']])
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
    gaps: [],
  })
})

test('ids are given in order of arrival, from the first id on, whatever ends first', async () => {
  const { recorder, stored } = recording({ firstId: 41 })
  const first = recorder.begin(aHead(), ROUTE)
  const second = recorder.begin(aHead(), ROUTE)
  void finish(second)
  void finish(first)
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
  void finish(tap)
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
  void unanswered.failed('upstream error', 'connect ECONNREFUSED')
  const cut = recorder.begin(aHead(), ROUTE)
  cut.responseHead(anAnswer())
  cut.responseData(Buffer.from('half'))
  void cut.failed('upstream aborted', 'aborted')
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

test('an early answer is committed before it ends, and its request when that has ended', async () => {
  const { recorder, stored, amended, pass } = recording()
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestData(Buffer.from('first'))
  tap.responseHead(anAnswer())
  tap.responseData(Buffer.from('no'))
  // The client may wait for the whole answer before it goes on: it has to come, and to be there after a SIGKILL.
  await tap.responseEnd([])
  assert.equal(recorder.summary().pending, 1)
  const [early] = stored
  assert.deepEqual(
    [early?.requestTruncated, early?.requestBytes, early?.request.body, early?.response?.body],
    [true, 5, bytes(''), bytes('no')],
  )
  pass(100)
  tap.requestData(Buffer.from('second'))
  tap.requestEnd([['X-T', '1']])
  await recorder.settled()
  const [late] = amended
  assert.deepEqual(
    [late?.id, late?.requestTruncated, late?.requestBytes, late?.request.body, late?.request.trailers],
    [1, false, 11, bytes('firstsecond'), [['X-T', '1']]],
  )
  assert.equal(late?.outcome, 'complete')
  assert.equal(late?.tookMs, 0, 'the exchange took until its response had ended')
  assert.deepEqual([stored.length, recorder.summary().pairs, recorder.summary().truncated], [1, 1, 0])
})

test('an early answer that could not be stored is lost once, and is not amended', async () => {
  const { recorder, amended } = recording({ sink: aSink({ put: () => Promise.reject(new Error('full')) }) })
  const tap = recorder.begin(aHead(), ROUTE)
  tap.responseHead(anAnswer())
  await tap.responseEnd([])
  tap.requestEnd([])
  await recorder.settled()
  const { notStored, pairs } = recorder.summary()
  assert.deepEqual([notStored, pairs, amended.length], [1, 0, 0])
})

test('the end of a response waits for the sink, and with a window only past it', async () => {
  for (const [maxUncommitted, waits] of [
    [0, [true, true, true]],
    [2, [false, false, true]],
  ] as const) {
    const commit = Promise.withResolvers<void>()
    const { recorder } = recording({ maxUncommitted, sink: aSink({ put: () => commit.promise }) })
    const held = waits.map(() => finish(recorder.begin(aHead(), ROUTE)))
    assert.deepEqual(
      held.map((end) => end !== undefined),
      waits,
    )
    let released = false
    const last = held.at(-1)?.then(() => (released = true))
    await Promise.resolve()
    assert.equal(released, false)
    commit.resolve()
    await last
    assert.equal(recorder.summary().pairs, 3)
  }
})

test("an answer in the upstream's place waits for the sink as well", async () => {
  const commit = Promise.withResolvers<void>()
  const { recorder } = recording({ sink: aSink({ put: () => commit.promise }) })
  const tap = recorder.begin(aHead(), ROUTE)
  tap.requestEnd([])
  let released = false
  const held = tap.failed('upstream error', 'connect ECONNREFUSED')?.then(() => (released = true))
  await Promise.resolve()
  assert.equal(released, false)
  commit.resolve()
  await held
  assert.deepEqual([released, recorder.summary().failed], [true, 1])
})

test('a sink that fails is reported and counted, and never thrown into the proxy', async () => {
  const lost: [string, number][] = []
  const full = new Error('pair 1 cannot be stored: disk full', { cause: new Error('disk full') })
  const onLoss: RecorderOptions['onLoss'] = (reason, { id }) => void lost.push([reason, id])
  const puts = [
    () => Promise.reject(full),
    () => {
      throw full
    },
  ]
  for (const put of puts) {
    const { recorder } = recording({ sink: aSink({ put }), onLoss })
    await finish(recorder.begin(aHead(), ROUTE))
    assert.deepEqual(recorder.summary(), {
      pairs: 0,
      notStored: 1,
      pending: 0,
      bytes: 0,
      truncated: 0,
      failed: 0,
      gaps: [aLoss(1, 'disk full')],
    })
  }
  assert.deepEqual(lost, [
    ['disk full', 1],
    ['disk full', 1],
  ])
})

test('what was lost is noted as a gap when something is stored again, at most once a second', async () => {
  const notes: RecordedGap[] = []
  let full = true
  let recoveries = 0
  const { recorder, pass } = recording({
    sink: aSink({
      put: () => (full ? Promise.reject(new Error('disk full')) : Promise.resolve()),
      note: async (gap) => void notes.push(gap),
    }),
    onRecovery: () => (recoveries += 1),
  })
  const exchange = (): Promise<void> | undefined => finish(recorder.begin(aHead(), ROUTE))
  await exchange()
  await exchange()
  assert.deepEqual(notes, [])
  for (const room of [true, false, true]) {
    full = !room
    await exchange()
    pass(10)
  }
  await Promise.resolve()
  assert.deepEqual(notes, [aLoss(2, 'disk full')])
  await recorder.settled()
  assert.deepEqual(notes, [aLoss(2, 'disk full'), aLoss(1, 'disk full')])
  assert.deepEqual(recorder.summary().gaps, [aLoss(3, 'disk full')])
  assert.equal(recoveries, 2)
})

test('a gap that finds no room is noted with the next one, and the reasons that are told apart have an end', async () => {
  const notes: RecordedGap[] = []
  let failures = 0
  const { recorder } = recording({
    sink: aSink({
      put: ({ id }) => (id < 40 ? Promise.reject(new Error(`reason ${id}`)) : Promise.resolve()),
      note: async (gap) => {
        if (gap.reason === 'reason 1' && failures++ === 0) throw new Error('still full')
        notes.push(gap)
      },
    }),
  })
  for (let id = 1; id <= 40; id += 1) await finish(recorder.begin(aHead(), ROUTE))
  await recorder.settled()
  assert.equal(failures, 2)
  assert.deepEqual(notes.at(-1), aLoss(1, 'reason 1'))
  assert.deepEqual(recorder.summary().gaps.slice(15), [aLoss(1, 'reason 16'), aLoss(23, 'several reasons')])
})

test('past --max-pending an exchange is dropped whole, frees its memory at once, and the next one is kept', async () => {
  const commit = Promise.withResolvers<void>()
  const puts: RRPair[] = []
  const { recorder } = recording({
    maxPendingBytes: 3 * 4096,
    sink: aSink({
      put(pair) {
        puts.push(pair)
        return commit.promise
      },
    }),
  })
  const large = recorder.begin(aHead(), ROUTE)
  large.requestEnd([])
  large.responseHead(anAnswer())
  large.responseData(Buffer.alloc(8192))
  large.responseData(Buffer.alloc(1))
  assert.equal(large.responseEnd([]), undefined, 'nobody waits for what is not stored')
  const first = finish(recorder.begin(aHead(), ROUTE))
  void finish(recorder.begin(aHead(), ROUTE))
  const small = recorder.begin(aHead(), ROUTE)
  small.requestData(Buffer.alloc(4096 - 64))
  small.requestData(Buffer.alloc(4096))
  small.requestEnd([])
  void small.failed('upstream error', 'x')
  commit.resolve()
  await first
  void finish(recorder.begin(aHead(), ROUTE))
  await recorder.settled()
  assert.deepEqual(
    puts.map(({ id }) => id),
    [2, 3, 5],
  )
  const reason = 'more than --max-pending was under way or waited for the disk'
  assert.deepEqual(recorder.summary().gaps, [aLoss(2, reason)])
  assert.equal(recorder.summary().notStored, 2)
})

test('settled waits for exchanges under way and for their commits, and is at once true of none', async () => {
  const commit = Promise.withResolvers<void>()
  const { recorder } = recording({ sink: aSink({ put: () => commit.promise }) })
  await recorder.settled()
  const tap = recorder.begin(aHead(), ROUTE)
  let settled = false
  const settling = recorder.settled().then(() => (settled = true))
  void finish(tap)
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

function recording(over: Partial<RecorderOptions> = {}) {
  const stored: RRPair[] = []
  const amended: AskedPair[] = []
  let monotonicMs = 1000
  const recorder = createRecorder({
    sink: aSink({
      async put(pair) {
        await Promise.resolve()
        stored.push(pair)
      },
      amend: async (pair) => void amended.push(pair),
    }),
    clock: { now: () => 1_800_000_000_000, monotonicMs: () => monotonicMs },
    ...over,
  })
  return { recorder, stored, amended, pass: (ms: number) => (monotonicMs += ms) }
}

function aSink(over: Partial<RecorderSink>): RecorderSink {
  const done = (): Promise<void> => Promise.resolve()
  return { put: done, amend: done, note: done, ...over }
}

function aLoss(exchanges: number, reason: string): RecordedGap {
  return { from: 1_800_000_000_000, to: 1_800_000_000_000, exchanges, reason }
}

function finish(tap: ExchangeTap): Promise<void> | undefined {
  tap.requestEnd([])
  tap.responseHead(anAnswer())
  return tap.responseEnd([])
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
