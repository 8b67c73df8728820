import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { recordingIndex } from '../../src/app/recording-index-module.ts'
import { REDACT_ALL } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { storedFacts } from '../../src/respond/asked-facts.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair } from '../support/a-pair.ts'
import { record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const MIB = 1024 * 1024

test('a snapshot as it was recorded has no problems', async (context) => {
  assert.deepEqual(verifySnapshot(await sound(context)), {
    pairs: 2,
    bodies: 2,
    bytes: 2 * MIB + 16,
    gaps: [],
    problems: [],
  })
})

const BODY_2_IS_ANOTHER = 'body 2 is not the one that was recorded: its CRC-32 differs'

const TAMPERED: readonly (readonly [title: string, sql: string, problems: readonly string[]])[] = [
  [
    'a changed byte of a body',
    "UPDATE body SET bytes = CAST('other bytes' AS BLOB) WHERE id = 1",
    ['body 1 is not the one that was recorded: its CRC-32 differs'],
  ],
  [
    'a lost chunk',
    'DELETE FROM body_chunk WHERE body_id = 2 AND seq = 1',
    ['body 2 lacks its chunk 1', `body 2 has ${MIB + 5} bytes of ${2 * MIB + 5}`, BODY_2_IS_ANOTHER],
  ],
  [
    'chunks in another order',
    'UPDATE body_chunk SET seq = 9 WHERE body_id = 2 AND seq = 1',
    ['body 2 lacks its chunk 1', 'body 2 lacks its chunk 3', BODY_2_IS_ANOTHER],
  ],
  [
    'a pair removed by hand',
    'DELETE FROM pair WHERE id = 2',
    [`orphan: body 2 (${2 * MIB + 5} bytes) belongs to no pair`],
  ],
  ['a body removed by hand', 'DELETE FROM body WHERE id = 1', ['pair 1 refers to a body that is not there']],
  [
    'an answer that never came and counts as one',
    "UPDATE pair SET outcome = 'upstream error', error = 'x', took_ms = -1",
    ['pair 1 ended before it began', 'pair 2 ended before it began'],
  ],
  [
    'a success with an error',
    "UPDATE pair SET error = 'x' WHERE id = 1",
    ['pair 1 is complete and has an error'],
  ],
  [
    'a response taken away',
    `UPDATE pair SET status = NULL, reason = NULL, response_http = NULL, response_headers = NULL,
     response_trailers = NULL, response_body_id = NULL WHERE id = 1`,
    ['orphan: body 1 (11 bytes) belongs to no pair', 'pair 1 is complete and has no response'],
  ],
  [
    'a moment outside time',
    'UPDATE pair SET at = 1e300 WHERE id = 1',
    ['pair 1 of FILE cannot be used: its "at" is outside the range of a date'],
  ],
  ['a table of somebody else', 'CREATE TABLE notes (text TEXT)', ['table notes does not belong there']],
  ['a table dropped', 'DROP TABLE gap', ['table gap is missing', 'the file is damaged: no such table: gap']],
]

for (const [title, sql, problems] of TAMPERED) {
  test(`verify finds ${title}`, async (context) => {
    const file = await sound(context)
    const db = new DatabaseSync(file, { enableForeignKeyConstraints: false })
    db.exec(sql)
    db.close()
    assert.deepEqual(
      verifySnapshot(file).problems.map((problem) => problem.replaceAll(file, 'FILE')),
      problems,
    )
  })
}

const INDEX_TAMPERED: readonly (readonly [title: string, sql: string, problems: readonly string[]])[] = [
  ['an index as it was recorded', 'SELECT 1', []],
  ['no index', 'DELETE FROM asked_run', []],
  ['an index of another version', 'UPDATE asked_run SET version = version + 1', []],
  [
    'an entry that is lost',
    'DELETE FROM asked_run WHERE id = 1',
    ['pair 1 is not in the index of what pairs asked'],
  ],
  [
    'an entry that has another key',
    "UPDATE asked_run SET entries = CAST(substr(entries, 1, 8) || x'00' || substr(entries, 10) AS BLOB) WHERE id = 1",
    ['pair 1 is indexed with another question'],
  ],
  [
    'an entry that has no right user and outcome',
    "UPDATE asked_run SET entries = CAST(substr(entries, 1, 28) || x'ff00000000000000' || substr(entries, 37) AS BLOB) WHERE id = 1",
    ['pair 1 is indexed with another user, outcome'],
  ],
  [
    'an entry of another backend',
    "UPDATE route SET target = 'http://elsewhere.example.com' WHERE id = 1; INSERT INTO route (id, listen, target, tags) SELECT 9, 'x', 'http://staging.example.com', tags FROM route WHERE id = 1; UPDATE pair SET route_id = 9 WHERE id = 1",
    ['pair 1 is indexed with another backend'],
  ],
  [
    'an entry without its pair',
    'DELETE FROM pair WHERE id = 1',
    ['orphan: body 1 (11 bytes) belongs to no pair', 'pair 1 is in the index of what pairs asked alone'],
  ],
  [
    'half an entry',
    'UPDATE asked_run SET entries = substr(entries, 2)',
    ['the index of what pairs asked is not whole'],
  ],
]

for (const [title, sql, problems] of INDEX_TAMPERED) {
  test(`verify holds the index against the pairs: ${title}`, async (context) => {
    const rules = compileRules(REDACT_ALL)
    const redact = createRedactor(rules)
    const file = join(snapshotDirectory(context), 'demo.db')
    const writer = await record(file, { indexer: recordingIndex(rules) })
    // A secret in the question, and somebody who asks.
    const target = '/a?api_key=hush&page=1'
    const headers = [['Authorization', `Basic ${Buffer.from('ann:pw').toString('base64')}`]] as const
    await writer.put(redact(aPair({ id: 1, request: { target, headers } })))
    await writer.put(aPair({ id: 2, response: { body: '' } }))
    await writer.close()
    const db = new DatabaseSync(file)
    db.exec(`PRAGMA foreign_keys = OFF; ${sql}`)
    db.close()
    assert.deepEqual(verifySnapshot(file, storedFacts(0)).problems, problems)
  })
}

test('verify finds a page of garbage, and a reader says so instead of answering with it', async (context) => {
  const file = await sound(context)
  const bytes = readFileSync(file)
  const at = bytes.indexOf('content-type: text/html', 0, 'latin1')
  bytes.fill(0xa5, at - (at % 4096), at - (at % 4096) + 4096)
  writeFileSync(file, bytes)
  const { problems } = verifySnapshot(file)
  assert.ok(
    problems.some((problem) => problem.startsWith('the file is damaged: ')),
    problems.join('\n'),
  )
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.throws(
    () => reader.pair(1),
    refusal('SNAPSHOT_INVALID', `${file} is damaged: database disk image is malformed`),
  )
})

test('a reader refuses a body that has lost bytes', async (context) => {
  const file = await sound(context)
  const db = new DatabaseSync(file)
  db.exec('DELETE FROM body_chunk WHERE body_id = 2 AND seq = 1')
  db.close()
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.throws(
    () => reader.pair(2),
    refusal(
      'SNAPSHOT_INVALID',
      `body 2 of ${file} has ${MIB + 5} bytes of ${2 * MIB + 5}`,
      'See what else is wrong with: reseal verify',
    ),
  )
})

test('a snapshot that is overwritten while it is read is an error, and not the end of the process', async (context) => {
  const file = await sound(context)
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.equal(reader.pair(1)?.id, 1)
  writeFileSync(file, '')
  assert.throws(() => reader.pair(2), refusal('SNAPSHOT_INVALID', /is damaged: /))
})

/** Two pairs; body 1 is 11 bytes in one chunk, body 2 has two whole chunks and 5 bytes. */
async function sound(context: TestContext): Promise<string> {
  const file = join(snapshotDirectory(context), 'demo.db')
  return recorded(file, [
    aPair({ id: 1, response: { headers: [['content-type', 'text/html']] } }),
    aPair({
      id: 2,
      request: { method: 'POST', body: 'y'.repeat(MIB) + 'z'.repeat(MIB) + 'tail.' },
      response: { body: '' },
    }),
  ])
}
