import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import type { AnsweringPair } from '../../src/core/pair.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { aPair, type PairFields } from '../support/a-pair.ts'
import { record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const MIB = 1024 * 1024

/** What an answer and the whole pair have in common. */
function answerPart(pair: AnsweringPair): unknown {
  const { outcome, error, firstByteMs, tookMs, requestTruncated, responseTruncated, response } = pair
  const facts = { outcome, error, firstByteMs, tookMs, requestTruncated, responseTruncated }
  const content = response && { ...response, body: Buffer.from(response.body) }
  return { ...facts, method: pair.request.method, response: content }
}

const PAIRS: readonly PairFields[] = [
  {},
  { request: { method: 'HEAD' }, response: { body: '' } },
  { response: { status: 299, reason: '\xd6K', httpVersion: '2', headers: [], body: Uint8Array.of(0, 255) } },
  {
    response: {
      reason: '',
      headers: [
        ['X', 'a: b'],
        ['Set-Cookie', ''],
        ['X', '\xff\t'],
      ],
    },
  },
  { response: { trailers: [['Grpc-Status', '0']] } },
  { response: { interim: [{ status: 103, reason: 'Early Hints', headers: [], atMs: 1 }] } },
  {
    response: {
      body: '12345',
      chunks: [
        { endBytes: 2, atMs: 1 },
        { endBytes: 5, atMs: 2 },
      ],
    },
  },
  { response: { body: Buffer.alloc(MIB - 1, 'x') } },
  { response: { body: Buffer.alloc(MIB, 'y') } },
  { response: { body: randomBytes(MIB + 1) } },
  // What passed and what is stored differ where something was changed before it was stored.
  { response: { body: 'changed' }, responseBytes: 99 },
  { response: null },
  { outcome: 'upstream aborted', error: 'ECONNRESET' },
  { outcome: 'client aborted', error: 'gone', firstByteMs: 3 },
  { requestTruncated: true },
  { responseTruncated: true },
]

async function snapshotOf(context: TestContext): Promise<string> {
  const file = join(snapshotDirectory(context), 'demo.db')
  return recorded(
    file,
    PAIRS.map((fields, at) => aPair({ id: at + 1, ...fields })),
  )
}

suite('the answer of a pair', () => {
  test('is that of the whole pair, whatever was recorded', async (context) => {
    const reader = openSnapshot(await snapshotOf(context))
    context.after(() => reader.close())
    for (const id of [...PAIRS.keys()].map((at) => at + 1)) {
      const [whole, answer] = [reader.pair(id), reader.answer(id)]
      assert.ok(whole !== undefined && answer !== undefined)
      assert.deepEqual(answerPart(answer), answerPart(whole))
    }
    assert.equal(reader.answer(PAIRS.length + 1), undefined)
  })

  test('is refused, as the pair is, when a row holds what no recording can', async (context) => {
    const file = await snapshotOf(context)
    const bad = [
      "UPDATE pair SET response_headers = CAST('X-Evil: a' || char(10) || 'b: c' || char(13, 10) AS BLOB) WHERE id = 1",
      "UPDATE pair SET response_headers = CAST('no field at all' AS BLOB) WHERE id = 1",
      "UPDATE pair SET reason = CAST('a' || char(13, 10) || 'b' AS BLOB) WHERE id = 1",
      'UPDATE pair SET status = 1000 WHERE id = 1',
      "UPDATE body SET bytes = CAST('{}' AS BLOB) WHERE id = (SELECT response_body_id FROM pair WHERE id = 1)",
    ]
    for (const [at, sql] of bad.entries()) {
      const copy = file.replace('demo.db', `bad-${at}.db`)
      copyFileSync(file, copy)
      const db = new DatabaseSync(copy)
      db.exec(sql)
      db.close()
      const reader = openSnapshot(copy)
      assert.throws(() => reader.answer(1), refusal('SNAPSHOT_INVALID', /./), sql)
      reader.close()
    }
  })

  test('is the one that another program has put there since', async (context) => {
    const file = await snapshotOf(context)
    const reader = openSnapshot(file)
    context.after(() => reader.close())
    assert.equal(reader.answer(1)?.response?.status, 200)
    const db = new DatabaseSync(file, { timeout: 10_000 })
    db.exec('UPDATE pair SET status = 201 WHERE id = 1')
    db.close()
    while (reader.answer(1)?.response?.status !== 201) await new Promise((resolve) => setImmediate(resolve))
  })

  test('says where its body lies in one piece, which can be read again until the file changes', async (context) => {
    const file = await snapshotOf(context)
    const reader = openSnapshot(file)
    context.after(() => reader.close())
    const places = [...PAIRS.keys()].flatMap((at) => {
      const answer = reader.answer(at + 1)
      return answer?.bodyPlace === undefined ? [] : [{ ...answer.bodyPlace, body: answer.response?.body }]
    })
    assert.ok(places.length > 2 && places.every(({ bytes }) => bytes < 4096))
    for (const { at, bytes, state, body } of places) {
      assert.deepEqual(reader.bodyAt(at, bytes, state), Buffer.from(body ?? []))
      assert.equal(reader.bodyAt(at, bytes, {}), undefined)
    }
    const [{ at, bytes, state } = { at: 0, bytes: 0, state: {} }] = places
    assert.equal(reader.bodyAt(1e9, bytes, state), undefined)
    const db = new DatabaseSync(file, { timeout: 10_000 })
    db.exec('UPDATE pair SET status = 201 WHERE id = 1')
    db.close()
    while (reader.bodyAt(at, bytes, state) !== undefined)
      await new Promise((resolve) => setImmediate(resolve))
  })

  test('holds no recorder up: one that begins while answers are read gets the file', async (context) => {
    const file = await snapshotOf(context)
    const reader = openSnapshot(file)
    context.after(() => reader.close())
    assert.ok(reader.answer(1))
    const writer = await record(file, { append: true })
    assert.ok(reader.answer(2))
    await writer.put(aPair({ id: writer.nextId }))
    while (reader.answer(writer.nextId) === undefined) await new Promise((resolve) => setImmediate(resolve))
    await writer.close()
    assert.ok(reader.answer(writer.nextId))
  })
})
