import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import type { ContentChunk, HttpResponse } from '../../src/core/exchange.ts'
import type { RawHeaders } from '../../src/core/headers.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair, type PairFields } from '../support/a-pair.ts'
import { CREATED_AT, pairsIn, record, recorded, snapshotDirectory } from './snapshot-directory.ts'

const MIB = 1024 * 1024

test('a pair comes back as it was put, every byte of it', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const everything = (): RRPair =>
    aPair({
      id: 7,
      at: 1763640000123,
      firstByteMs: 0.25,
      tookMs: 12.5,
      route: { listen: '[::1]:8080', target: 'https://staging.example.com' },
      request: {
        scheme: 'https',
        authority: 'b\xfccher.example:8443',
        method: 'PROPFIND',
        target: '/caf\xe9/%00?q=\xff&q=',
        httpVersion: '1.0',
        headers: [
          ['HOST', 'x'],
          ['x-dup', ''],
          ['X-Dup', 'caf\xc3\xa9: \xff\t'],
          ['x-dup', ' two '],
        ],
        body: Uint8Array.of(0, 0xff, 0xfe, 0x0d, 0x0a, 0, 0xed, 0xa0, 0x80),
        trailers: [['x-checksum', 'a:b']],
      },
      response: {
        status: 299,
        reason: '\xd6K\t',
        httpVersion: '2',
        headers: [
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'a=1'],
        ],
        body: Uint8Array.of(0xc3, 0x28),
        trailers: [['grpc-status', '0']],
      },
      requestBytes: 9_007_199_254_740_991,
      responseBytes: 2,
      requestTruncated: true,
      responseTruncated: true,
    })
  await recorded(file, [everything()])

  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.deepStrictEqual(reader.pair(7), everything())
  const { body: _body, trailers: _trailers, ...requestHead } = everything().request
  const [head] = [...reader.heads()]
  assert.deepStrictEqual(head?.request, requestHead)
  assert.deepStrictEqual(head && Object.keys(head.response ?? {}), [
    'status',
    'reason',
    'httpVersion',
    'headers',
  ])
  assert.equal(reader.pair(1), undefined)
})

test('a response that is empty and one that never came stay apart', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const pairs = (): RRPair[] => [
    aPair({ id: 1, response: { status: 204, reason: '', headers: [], body: '' } }),
    aPair({ id: 2, response: null, error: 'socket hang up \0 \u{1f984}' }),
    aPair({ id: 3, response: null, outcome: 'client aborted', error: undefined }),
    aPair({ id: 4, outcome: 'upstream aborted', error: 'aborted', response: { body: 'cut off' } }),
  ]
  await recorded(file, pairs())
  assert.deepStrictEqual(pairsIn(file), pairs())
})

test('a body past a chunk comes back whole, and another SQLite reads the same bytes', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const bodies = [3 * MIB + 1, MIB, MIB + 1, MIB - 1].map((size) => randomBytes(size))
  await recorded(
    file,
    bodies.map((body, index) => aPair({ id: index + 1, request: { method: 'POST', body } })),
  )
  for (const [index, body] of bodies.entries()) {
    assert.ok(Buffer.from(pairsIn(file)[index]?.request.body ?? []).equals(body))
  }

  const db = new DatabaseSync(file, { readOnly: true })
  context.after(() => db.close())
  const stored = db
    .prepare(
      `SELECT body.bytes FROM body JOIN pair ON body.id = request_body_id WHERE pair.id = 1
       UNION ALL
       SELECT * FROM (SELECT bytes FROM body_chunk JOIN pair ON body_id = request_body_id WHERE pair.id = 1 ORDER BY seq)`,
    )
    .all()
    .map(({ bytes }) => {
      assert.ok(bytes instanceof Uint8Array)
      return bytes
    })
  assert.deepEqual(
    stored.map((bytes) => bytes.length),
    [MIB, MIB, MIB, 1],
  )
  assert.equal(sha256(Buffer.concat(stored)), sha256(bodies[0] ?? Buffer.alloc(0)))
  assert.equal(db.prepare('PRAGMA application_id').get()?.['application_id'], 0x7273656c)
  assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 5)
})

test('equal bodies are stored once, whichever message they came in', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  await recorded(file, [
    aPair({ id: 1, request: { method: 'POST', body: 'same' }, response: { body: 'same' } }),
    aPair({ id: 2, request: { method: 'POST', body: 'other' }, response: { body: 'same' } }),
  ])
  assert.deepEqual(verifySnapshot(file), { pairs: 2, bodies: 2, bytes: 9, gaps: [], problems: [] })
})

test('bodies of one length and one CRC-32 are told apart by their bytes', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const [one, other] = ['plumless', 'buckeroo']
  assert.equal(crc32(one), crc32(other))
  const asked = [one, other, one, other]
  await recorded(
    file,
    asked.map((body, index) => aPair({ id: index + 1, response: { body } })),
  )
  assert.deepEqual(
    pairsIn(file).map((pair) => text(pair?.response?.body)),
    asked,
  )
  assert.deepEqual(verifySnapshot(file).problems, [])
})

test('a long body that begins or ends as another one does is another one', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const bodies = [MIB, MIB + 1, 2 * MIB, MIB].map((bytes) => 'x'.repeat(bytes))
  await recorded(
    file,
    bodies.map((body, index) => aPair({ id: index + 1, response: { body } })),
  )
  const appended = await record(file, { append: true })
  await appended.put(aPair({ id: appended.nextId, response: { body: 'x'.repeat(2 * MIB) } }))
  await appended.close()
  assert.deepEqual(
    pairsIn(file).map((pair) => pair?.response?.body.length),
    [MIB, MIB + 1, 2 * MIB, MIB, 2 * MIB],
  )
  const { bodies: stored, problems } = verifySnapshot(file)
  assert.deepEqual([stored, problems], [3, []])
})

test('an exchange whose messages share one buffer, or a pool, is stored as it was', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const pool = Buffer.from('request|response')
  const echoed = new Uint8Array(Buffer.from('echo'))
  const writer = await record(file)
  const shared = aPair({ id: 1 })
  await writer.put({
    ...shared,
    request: { ...shared.request, body: pool.subarray(0, 7) },
    response: shared.response && { ...shared.response, body: pool.subarray(8) },
  })
  await writer.put({
    ...shared,
    id: 2,
    request: { ...shared.request, body: echoed },
    response: shared.response && { ...shared.response, body: echoed },
  })
  await writer.close()
  assert.equal(pool.toString(), 'request|response', 'a view of a larger buffer is copied, and stays')
  assert.deepEqual(
    pairsIn(file).map((pair) => [text(pair?.request.body), text(pair?.response?.body)]),
    [
      ['request', 'response'],
      ['echo', 'echo'],
    ],
  )
})

test('a large body moves to the writer, and is refused when it is given twice, not stored as empty', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  context.after(() => writer.close())
  const pair = aPair({ id: 1, response: { body: 'm'.repeat(100_000) } })
  const first = writer.put(pair)
  const refused = {
    code: 'SNAPSHOT_WRITE',
    message: 'pair 2 cannot be stored: its body was given away before',
  }
  await assert.rejects(writer.put({ ...pair, id: 2 }), refused)
  await first
  assert.equal(pair.response?.body.length, 0, 'the body has moved to the writer')
  await assert.rejects(writer.put({ ...pair, id: 2 }), refused)
  await writer.close()
  assert.equal(pairsIn(file).length, 1)
})

test('the request of an early answer is stored once it has ended, in the place of what was there', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const body = new Uint8Array(3 * MIB).fill(1)
  const asked = (): RRPair => aPair({ id: 1, request: { method: 'PUT', body, trailers: [['X-Sum', '1']] } })
  const writer = await record(file)
  context.after(() => writer.close())
  const early = asked()
  await writer.put({
    ...early,
    requestBytes: 10,
    requestTruncated: true,
    request: { ...early.request, body: new Uint8Array(), trailers: [] },
  })
  assert.deepEqual(pairsIn(file)[0]?.requestTruncated, true)
  await writer.amend(asked())
  await assert.rejects(writer.amend(aPair({ request: { trailers: [['', '']] } })), {
    message: 'pair 1 cannot be stored: its request trailers have a field that cannot be on a wire',
  })
  await writer.close()
  assert.deepStrictEqual(pairsIn(file), [asked()])
  assert.deepEqual(verifySnapshot(file).problems, [])
})

test('a closed snapshot is one file that only its owner reads', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'not', 'there', 'yet', 'demo.db'), [aPair()])
  assert.deepEqual(readdirSync(join(directory, 'not', 'there', 'yet')), ['demo.db'])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.deepEqual(reader.facts, { createdAt: CREATED_AT, resealVersion: '0.1.0' })
  assert.equal(reader.count, 1)
})

test('ids are the order of arrival, whatever order the exchanges ended in', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  assert.equal(writer.nextId, 1)
  for (const id of [3, 1, 5]) await writer.put(aPair({ id }))
  await writer.close()
  const reader = openSnapshot(file)
  assert.deepEqual(
    [...reader.heads()].map(({ id }) => id),
    [1, 3, 5],
  )
  reader.close()
  const more = await record(file, { append: true })
  assert.equal(more.nextId, 6)
  await more.put(aPair({ id: more.nextId }))
  await more.close()
  await more.close()
  assert.equal(pairsIn(file).length, 4)
})

test('any pair at all survives the disk', async (context) => {
  const directory = snapshotDirectory(context)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyPair(), { minLength: 1, maxLength: 6 }), async (drawn) => {
      run += 1
      const pairs = (): RRPair[] => drawn.map((pair, index) => aPair({ ...pair, id: index + 1 }))
      const file = await recorded(join(directory, `run-${run}.db`), pairs())
      assert.deepStrictEqual(pairsIn(file), pairs())
      assert.deepEqual(verifySnapshot(file).problems, [])
    }),
    { numRuns: 40 },
  )
})

test('a text that stands for no bytes is refused, and costs no other pair', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  const results = await Promise.allSettled([
    writer.put(aPair({ id: 1 })),
    writer.put(aPair({ id: 2, request: { target: '/\u{1f984}' } })),
    writer.put(aPair({ id: 3, response: { reason: '\ud800' } })),
    writer.put(aPair({ id: 4, response: { headers: [['x', 'a\r\nSet-Cookie: b']] } })),
    writer.put(aPair({ id: 1, response: { body: 'never stored' } })),
    writer.put(aPair({ id: 0 })),
    writer.put(aPair({ id: 5, tookMs: Number.NaN })),
    writer.put(aPair({ id: 6 })),
  ])
  await writer.close()
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'stored' : String(result.reason.message))),
    [
      'stored',
      'pair 2 cannot be stored: a character of its target is no byte on the wire',
      'pair 3 cannot be stored: a character of its reason phrase is no byte on the wire',
      'pair 4 cannot be stored: a field of its response headers has more than one line',
      `pair 1 cannot be stored in ${file}: UNIQUE constraint failed: pair.id`,
      'pair 0 cannot be stored: its id is no whole number of 1 to 9007199254740991',
      'pair 5 cannot be stored: its "took_ms" is outside the range of a date',
      'stored',
    ],
  )
  assert.deepStrictEqual(pairsIn(file), [aPair({ id: 1 }), aPair({ id: 6 })])
  assert.deepEqual(verifySnapshot(file), { pairs: 2, bodies: 1, bytes: 11, gaps: [], problems: [] })
})

/** Records of fast-check have null prototypes unless told, which no copy keeps. */
const PLAIN = { noNullPrototype: true } as const

function anyPair(): fc.Arbitrary<PairFields> {
  const bytes = fc.uint8Array({ maxLength: 300 })
  const byteText = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array).toString('latin1'))
  const wireText = byteText.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ''))
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/)
  const headers: fc.Arbitrary<RawHeaders> = fc.array(fc.tuple(token, wireText), { maxLength: 8 })
  const target = fc.webUrl({ validSchemes: ['http', 'https'] }).map((url) => new URL(url).origin)
  const milliseconds = fc.double({ min: 0, max: 1e12, noNaN: true })
  const message = { headers, trailers: headers, body: bytes, httpVersion: fc.constantFrom('1.0', '1.1', '2') }
  return fc.record(
    {
      at: fc.integer({ min: -8.64e15, max: 8.64e15 }),
      firstByteMs: milliseconds,
      tookMs: milliseconds,
      route: fc.record({ listen: fc.string(), target }, PLAIN),
      requestBytes: fc.maxSafeNat(),
      responseBytes: fc.maxSafeNat(),
      requestTruncated: fc.boolean(),
      responseTruncated: fc.boolean(),
      request: fc.record(
        {
          ...message,
          scheme: fc.constantFrom('http' as const, 'https' as const),
          authority: byteText,
          method: token,
          target: byteText,
        },
        PLAIN,
      ),
      response: fc.option(
        fc
          .record({ ...message, status: fc.integer({ min: 200, max: 999 }), reason: wireText }, PLAIN)
          .chain((response) => anyPassage(headers, wireText).map((passage) => ({ ...response, ...passage }))),
        { nil: null },
      ),
    },
    PLAIN,
  )
}

/** What is in order of time, drawn as steps from one to the next. */
function anyPassage(
  headers: fc.Arbitrary<RawHeaders>,
  reason: fc.Arbitrary<string>,
): fc.Arbitrary<Pick<HttpResponse, 'interim' | 'chunks' | 'frames'>> {
  const step = fc.record({ us: fc.nat(5_000_000), bytes: fc.integer({ min: 1, max: 2 ** 40 }) })
  const status = fc.integer({ min: 100, max: 199 }).filter((drawn) => drawn !== 101)
  const interim = fc.record({ status, reason, headers }, PLAIN)
  const frame = fc.record(
    {
      from: fc.constantFrom('client' as const, 'server' as const),
      fin: fc.boolean(),
      opcode: fc.nat(15),
      payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
    },
    PLAIN,
  )
  return fc
    .tuple(
      fc.array(fc.tuple(step, interim), { maxLength: 3 }),
      fc.array(step, { maxLength: 20 }),
      fc.array(fc.tuple(step, frame), { maxLength: 5 }),
    )
    .map(([early, pieces, talk]) => ({
      ...(early.length === 0 ? {} : { interim: timed(early) }),
      ...(pieces.length === 0 ? {} : { chunks: summed(pieces) }),
      ...(talk.length === 0 ? {} : { frames: timed(talk) }),
    }))
}

interface Step {
  readonly us: number
  readonly bytes: number
}

function timed<T>(steps: readonly (readonly [Step, T])[]): readonly (T & { readonly atMs: number })[] {
  const moments = summed(steps.map(([step]) => step))
  return steps.map(([, value], index) => ({ ...value, atMs: moments[index]?.atMs ?? 0 }))
}

function summed(steps: readonly Step[]): readonly ContentChunk[] {
  let us = 0
  let endBytes = 0
  return steps.map((step) => {
    us += step.us
    endBytes += step.bytes
    return { endBytes, atMs: us / 1000 }
  })
}

function text(body: Uint8Array | undefined): string {
  return Buffer.from(body ?? []).toString()
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
