import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair, type PairFields } from '../support/a-pair.ts'
import { pairsIn, record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const HINT = 'See what else is wrong with: reseal verify'
const STATUS = 'which is no whole answer: 200 to 999'
const MOMENT = 'is outside the range of a date'
const NO_ORIGIN = 'its route leads to no http or https origin'
const FIELD = 'have a field that cannot be on a wire'

/** What a row may say that no recording does, and the words for it. */
const HOSTILE: readonly (readonly [set: string, fault: string])[] = [
  ['status = 101', `its status is 101, ${STATUS}`],
  ['status = 99', `its status is 99, ${STATUS}`],
  ['status = -5', `its status is -5, ${STATUS}`],
  ['status = 1000000000', `its status is 1000000000, ${STATUS}`],
  ["reason = X'4f4b0d0a61'", 'its reason phrase cannot be on a wire'],
  ["method = X''", 'its method is no token'],
  ["method = CAST('GET /' AS BLOB)", 'its method is no token'],
  ['at = 1e300', `its "at" ${MOMENT}`],
  ['at = 9e999', `its "at" ${MOMENT}`],
  ['first_byte_ms = -9e999', `its "first_byte_ms" ${MOMENT}`],
  ['took_ms = 1e17', `its "took_ms" ${MOMENT}`],
  ['id = 9007199254740993', 'its id is no whole number of 1 to 9007199254740991'],
  ['request_bytes = 9007199254740993', 'its "request_bytes" is no count'],
  ["request_headers = X'6162'", `its request headers ${FIELD}`],
  ["request_headers = CAST('a: b' AS BLOB)", `its request headers ${FIELD}`],
  ["request_headers = X'3a20620d0a'", `its request headers ${FIELD}`],
  ["request_headers = CAST('a b: c' || char(13, 10) AS BLOB)", `its request headers ${FIELD}`],
  ["response_headers = X'613a2062000d0a'", `its response headers ${FIELD}`],
  ["response_headers = X'613a20620a630d0a'", `its response headers ${FIELD}`],
  ["response_headers = X'613a20620d630d0a'", `its response headers ${FIELD}`],
  ["request_trailers = X'6162'", `its request trailers ${FIELD}`],
  ["response_trailers = X'613a2062000d0a'", `its response trailers ${FIELD}`],
  ...['', 'staging.example.com', 'ftp://x', 'http://', 'http://x/path', 'http://u:p@x', 'http://x?q'].map(
    (target) => [`route_id = '${target}'`, NO_ORIGIN] as const,
  ),
]

for (const [set, fault] of HOSTILE) {
  test(`a pair with ${set} is refused by name, and the other pairs can be read`, async (context) => {
    const file = await recorded(join(snapshotDirectory(context), 'demo.db'), [
      aPair({ id: 1 }),
      aPair({ id: 2 }),
    ])
    const db = new DatabaseSync(file)
    const target = /^route_id = '(.*)'$/.exec(set)?.[1]
    if (target === undefined) db.exec(`UPDATE pair SET ${set} WHERE id = 2`)
    else {
      db.prepare("INSERT INTO route (id, listen, target, tags) VALUES (9, 'x:1', ?, '{}')").run(target)
      db.exec('UPDATE pair SET route_id = 9 WHERE id = 2')
    }
    db.close()
    const id = set.startsWith('id') ? '9007199254740992' : '2'
    const sentence = `pair ${id} of ${file} cannot be used: ${fault}`
    const reader = openSnapshot(file)
    context.after(() => reader.close())
    assert.equal(reader.pair(1)?.id, 1)
    assert.throws(() => [...reader.heads()], refusal('SNAPSHOT_INVALID', sentence, HINT))
    if (id === '2') assert.throws(() => reader.pair(2), refusal('SNAPSHOT_INVALID', sentence, HINT))
    assert.deepEqual(verifySnapshot(file).problems, [sentence])
  })
}

test('what a reader would refuse is never written', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const refused: readonly (readonly [pair: PairFields, fault: string])[] = [
    [{ response: { status: 101 } }, `its status is 101, ${STATUS}`],
    [{ response: { status: 200.5 } }, `its status is 200.5, ${STATUS}`],
    [{ response: { reason: 'a\0' } }, 'its reason phrase cannot be on a wire'],
    [{ response: { headers: [['', 'x']] } }, `its response headers ${FIELD}`],
    [{ response: { trailers: [['x', '\0']] } }, `its response trailers ${FIELD}`],
    [{ request: { headers: [['a b', 'x']] } }, `its request headers ${FIELD}`],
    [{ request: { method: '' } }, 'its method is no token'],
    [{ tookMs: Infinity }, `its "took_ms" ${MOMENT}`],
    [{ route: { listen: 'x:1', target: 'nowhere' } }, NO_ORIGIN],
  ]
  const writer = await record(file)
  for (const [pair, fault] of refused) {
    await assert.rejects(
      writer.put(aPair({ ...pair, id: 2 })),
      refusal('SNAPSHOT_WRITE', `pair 2 cannot be stored: ${fault}`),
    )
  }
  await writer.put(aPair({ id: 3 }))
  await writer.close()
  assert.deepEqual(pairsIn(file), [aPair({ id: 3 })])
})

/** What is worked out when it is read or written, and may never come to an end. */
const COMPUTED: readonly (readonly [title: string, sql: string, what: string])[] = [
  [
    'a view in the place of a table',
    `ALTER TABLE pair RENAME TO other;
     CREATE VIEW pair AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT other.* FROM other, n`,
    'view pair',
  ],
  ['a trigger', 'CREATE TRIGGER late AFTER INSERT ON pair BEGIN DELETE FROM pair; END', 'trigger late'],
  ['a virtual table', 'CREATE VIRTUAL TABLE words USING fts5 (text)', 'table words'],
  [
    'a computed column',
    'ALTER TABLE body ADD COLUMN more BLOB AS (zeroblob(900000000))',
    'computed column more',
  ],
]

for (const [title, sql, what] of COMPUTED) {
  test(`a file with ${title} is not read at all`, async (context) => {
    const file = await recorded(join(snapshotDirectory(context), 'demo.db'), [aPair()])
    const db = new DatabaseSync(file)
    db.exec(sql)
    db.close()
    const why = `it has the ${what}, and a snapshot has tables only`
    for (const read of [openSnapshot, verifySnapshot])
      assert.throws(() => read(file), refusal('SNAPSHOT_INVALID', `${file} is not a snapshot: ${why}`))
  })
}
