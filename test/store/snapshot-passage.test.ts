import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import type { RRPair } from '../../src/core/pair.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aFrame, aGap, aPair, anInterim, type ResponseFields } from '../support/a-pair.ts'
import { pairsIn, record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const MIB = 1024 * 1024
const OUT_OF_ORDER = 'the pieces of its response do not follow one another'

/** A WebSocket with everything that a response can bring besides its bytes. */
function aTalk(id: number): RRPair {
  return aPair({
    id,
    response: {
      status: 101,
      reason: 'Switching Protocols',
      headers: [
        ['Upgrade', 'WebSocket'],
        ['Connection', 'Upgrade'],
      ],
      body: 'rest',
      interim: [
        anInterim(1.5),
        anInterim(1.5, { status: 102, reason: '\xe9', headers: [['X-Step', '\xff']] }),
      ],
      chunks: [
        { endBytes: 1, atMs: 2 },
        { endBytes: 4, atMs: 900.125 },
      ],
      frames: [
        aFrame(3, { from: 'client', payload: 'subscribe' }),
        aFrame(3, { fin: false, opcode: 2, payload: new Uint8Array(2 * MIB + 5).fill(7) }),
        aFrame(9.5, { opcode: 0, payload: '' }),
        aFrame(10, { from: 'client', payload: 'subscribe' }),
      ],
    },
  })
}

test('interim responses, pieces and frames come back as they passed, payloads of any size', async (context) => {
  const file = await recorded(join(snapshotDirectory(context), 'demo.db'), [aTalk(1), aPair({ id: 2 })])
  assert.deepStrictEqual(pairsIn(file), [aTalk(1), aPair({ id: 2 })])
  const { bodies, problems } = verifySnapshot(file)
  assert.deepEqual([bodies, problems], [4, []], 'a payload said twice is stored once')
})

test('a piece takes few bytes', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const chunks = Array.from({ length: 65_536 }, (_, index) => ({
    endBytes: (index + 1) * 16_384,
    atMs: index / 8,
  }))
  await recorded(file, [aPair({ response: { chunks } })])
  const db = new DatabaseSync(file, { readOnly: true })
  const length = db.prepare('SELECT length(response_chunks) AS length FROM pair').get()?.['length']
  db.close()
  assert.ok(Number(length) <= 65_536 * 5, String(length))
  assert.deepEqual(pairsIn(file)[0]?.response?.chunks, chunks)
})

/** What rows may say that no recording does, and the words for it. */
const HOSTILE: readonly (readonly [sql: string, fault: string])[] = [
  ['UPDATE interim SET status = 101 WHERE seq = 1', 'the status of an interim response is 101'],
  ["UPDATE interim SET reason = X'0a'", 'the reason phrase of an interim response cannot be on a wire'],
  [
    "UPDATE interim SET headers = X'613a2062000d0a'",
    'its interim headers have a field that cannot be on a wire',
  ],
  ["UPDATE interim SET headers = X'61'", 'its interim headers have a field that cannot be on a wire'],
  ['UPDATE interim SET at_ms = 1 WHERE seq = 1', 'its interim responses do not follow one another in time'],
  ['UPDATE interim SET at_ms = -1', 'its interim responses do not follow one another in time'],
  ['UPDATE interim SET at_ms = 9e999', 'its interim responses do not follow one another in time'],
  ['DELETE FROM interim WHERE seq = 0', 'a row of its passage is missing before 1'],
  ['UPDATE frame SET at_ms = 0 WHERE seq = 3', 'its frames do not follow one another in time'],
  ['DELETE FROM frame WHERE seq = 2', 'a row of its passage is missing before 3'],
  ...[
    ['a piece of no bytes', '0001'],
    ['half a piece', '010001'],
    ['a number without its end', '0181'],
    ['a number written longer than it need be', '810001'],
    ['a number past 2^53', 'ffffffffffffffffff7f01'],
  ].map(([, hex]) => [`UPDATE pair SET response_chunks = X'${hex}' WHERE id = 1`, OUT_OF_ORDER] as const),
]

for (const [sql, fault] of HOSTILE) {
  test(`after ${sql} the pair is refused by name, and the others can be read`, async (context) => {
    const file = await tampered(context, sql)
    const sentence = `pair 1 of ${file} cannot be used: ${fault}`
    const reader = openSnapshot(file)
    context.after(() => reader.close())
    assert.equal(reader.pair(2)?.id, 2)
    assert.throws(() => reader.pair(1), refusal('SNAPSHOT_INVALID', sentence))
    const found = verifySnapshot(file).problems.filter((problem) => !problem.startsWith('orphan'))
    assert.deepEqual(found, [sentence])
  })
}

test('verify finds a frame of no pair, a payload of no frame and a changed payload', async (context) => {
  assert.deepEqual(verifySnapshot(await tampered(context, 'UPDATE frame SET pair_id = 9')).problems, [
    'frame 1 refers to a pair that is not there',
    'frame 2 refers to a pair that is not there',
    'frame 3 refers to a pair that is not there',
    'frame 4 refers to a pair that is not there',
  ])
  const lost = await tampered(context, 'DELETE FROM frame WHERE seq = 1')
  assert.deepEqual(verifySnapshot(lost).problems, [
    `orphan: body 3 (${2 * MIB + 5} bytes) belongs to no pair`,
    `pair 1 of ${lost} cannot be used: a row of its passage is missing before 2`,
  ])
  assert.deepEqual(
    verifySnapshot(await tampered(context, "UPDATE body SET bytes = X'00' WHERE id = 2")).problems,
    ['body 2 has 1 bytes of 9', 'body 2 is not the one that was recorded: its CRC-32 differs'],
  )
})

test('what a reader would refuse of a passage is never written, and costs no other pair', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const refused: readonly (readonly [response: ResponseFields, fault: string])[] = [
    [{ interim: [anInterim(1, { status: 200 })] }, 'the status of an interim response is 200'],
    [{ interim: [anInterim(2), anInterim(1)] }, 'its interim responses do not follow one another in time'],
    [{ frames: [aFrame(Number.NaN)] }, 'its frames do not follow one another in time'],
    [{ frames: [aFrame(1, { opcode: 16 })] }, 'the opcode of a frame is 16, and there are 0 to 15'],
    [{ chunks: [{ endBytes: 0, atMs: 0 }] }, OUT_OF_ORDER],
    [{ chunks: [{ endBytes: 1, atMs: Infinity }] }, OUT_OF_ORDER],
    [
      {
        chunks: [
          { endBytes: 2, atMs: 1 },
          { endBytes: 2, atMs: 2 },
        ],
      },
      OUT_OF_ORDER,
    ],
    [
      { status: 101, headers: [['Upgrade', 'h2c']] },
      'its status is 101, which is no whole answer: 200 to 999',
    ],
  ]
  const writer = await record(file)
  for (const [response, fault] of refused) {
    await assert.rejects(
      writer.put(aPair({ id: 2, response })),
      refusal('SNAPSHOT_WRITE', `pair 2 cannot be stored: ${fault}`),
    )
  }
  await writer.put(aPair({ id: 3 }))
  await writer.close()
  assert.deepEqual(pairsIn(file), [aPair({ id: 3 })])
  assert.deepEqual(verifySnapshot(file).problems, [])
})

test('gaps come back in the order they were noted, and are no problem', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  await Promise.all([writer.note(aGap()), writer.put(aPair()), writer.note(aGap({ exchanges: 1 }))])
  await assert.rejects(
    writer.note(aGap({ from: 2, to: 1 })),
    refusal('SNAPSHOT_WRITE', 'a gap cannot be stored: it ends before it begins'),
  )
  await assert.rejects(
    writer.note(aGap({ exchanges: 0 })),
    refusal('SNAPSHOT_WRITE', 'a gap cannot be stored: it counts no exchanges'),
  )
  await writer.close()
  await assert.rejects(
    writer.note(aGap()),
    refusal('SNAPSHOT_WRITE', 'a gap came after the snapshot was closed'),
  )
  const { pairs, gaps, problems } = verifySnapshot(file)
  assert.deepEqual([pairs, gaps, problems], [1, [aGap(), aGap({ exchanges: 1 })], []])
  const reader = openSnapshot(file)
  assert.deepEqual(reader.gaps(), gaps)
  reader.close()
})

test('a gap outside time is refused by name, and found by verify', async (context) => {
  const file = await tampered(context, "INSERT INTO gap VALUES (4, 0, 9e999, 1, 'x')")
  const sentence = `gap 4 of ${file} cannot be used: its time is outside the range of a date`
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.throws(() => reader.gaps(), refusal('SNAPSHOT_INVALID', sentence))
  assert.deepEqual(verifySnapshot(file).problems, [sentence])
})

async function tampered(context: TestContext, sql: string): Promise<string> {
  const file = await recorded(join(snapshotDirectory(context), 'demo.db'), [aTalk(1), aPair({ id: 2 })])
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  db.exec(sql)
  db.close()
  return file
}
