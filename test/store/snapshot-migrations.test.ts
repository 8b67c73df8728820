import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { bodyReader } from '../../src/store/body-table.ts'
import { MIGRATIONS, formatOf, migrate } from '../../src/store/migrations.ts'
import { schemaDifferences } from '../../src/store/schema.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { aGap, aPair, anInterim } from '../support/a-pair.ts'
import { contentsOf, pairsIn, record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const MIB = 1024 * 1024

/** The formats of some later reseal: a table more, then a table built anew, which foreign keys would forbid. */
const LATER: readonly string[] = [
  ...MIGRATIONS,
  'CREATE TABLE mark (pair_id INTEGER NOT NULL REFERENCES pair (id)) STRICT; INSERT INTO mark SELECT id FROM pair;',
  `CREATE TABLE route_anew (id INTEGER PRIMARY KEY, listen TEXT NOT NULL, target TEXT NOT NULL,
     tags TEXT NOT NULL, note TEXT) STRICT;
   INSERT INTO route_anew (id, listen, target, tags) SELECT id, listen, target, tags FROM route;
   DROP TABLE route; ALTER TABLE route_anew RENAME TO route;`,
]

test('a snapshot of an older format is read as if migrated, and keeps its bytes', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair({ id: 1 }), aPair({ id: 2 })])
  const before = contentsOf(directory)
  const reader = openSnapshot(file, { migrations: LATER })
  assert.deepStrictEqual(reader.pair(2), aPair({ id: 2 }))
  assert.equal(reader.count, 2)
  reader.close()
  assert.deepEqual(contentsOf(directory), before)
})

test('appending migrates the file itself, and an older reseal then refuses it', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair({ id: 1 })])
  const writer = await record(file, { append: true, migrations: LATER })
  await writer.put(aPair({ id: writer.nextId }))
  await writer.close()

  const db = new DatabaseSync(file, { readOnly: true })
  assert.deepEqual(
    db
      .prepare('SELECT * FROM mark')
      .all()
      .map(({ pair_id }) => pair_id),
    [1],
  )
  db.close()
  assert.deepStrictEqual(pairsOf(file), [aPair({ id: 1 }), aPair({ id: 2 })])
  assert.throws(
    () => openSnapshot(file),
    refusal(
      'SNAPSHOT_NEWER',
      `${file} has snapshot format 7, and this reseal knows formats up to 5`,
      'Update reseal.',
    ),
  )
})

test('a snapshot made by hand, with no format yet, gets every migration', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA application_id = 0x7273656c')
  db.close()
  const before = contentsOf(directory)
  assert.throws(
    () => openSnapshot(file),
    refusal('SNAPSHOT_INVALID', `${file} does not say which reseal recorded it, or when`),
  )
  assert.deepEqual(contentsOf(directory), before)
})

test('a migration that does not fit changes nothing', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair()])
  const broken = join(directory, 'broken.db')
  copyFileSync(file, broken)
  const before = contentsOf(directory)
  const unfit = [
    ...MIGRATIONS,
    'CREATE TABLE mark (id INTEGER) STRICT',
    'ALTER TABLE nowhere ADD COLUMN x TEXT',
  ]
  assert.throws(
    () => openSnapshot(broken, { migrations: unfit }),
    refusal('SNAPSHOT_INVALID', `${broken} is damaged: no such table: nowhere`),
  )
  await assert.rejects(
    record(broken, { append: true, migrations: unfit }),
    refusal('SNAPSHOT_WRITE', `${broken} cannot be written: no such table: nowhere`),
  )
  await assert.rejects(
    record(broken, { append: true, migrations: [...MIGRATIONS, 'DELETE FROM route'] }),
    refusal('SNAPSHOT_INVALID', 'format 5 of the snapshot holds rows without their parents'),
  )
  assert.deepEqual(contentsOf(directory), before)
  assert.equal(pairsIn(broken).length, 1)
})

test('a database is migrated once, from wherever it stands', () => {
  const db = new Database(':memory:')
  migrate(db)
  migrate(db)
  assert.equal(formatOf(db), MIGRATIONS.length)
  assert.deepEqual(schemaDifferences(db), [])
  assert.deepEqual(schemaDifferences(db, LATER), [
    'table mark is missing',
    'table route is defined otherwise',
  ])
  migrate(db, LATER)
  assert.deepEqual(schemaDifferences(db, LATER), [])
  assert.equal(db.pragma('foreign_keys', { simple: true }), 1)
  db.close()
})

test('a snapshot of format 1 is read as it was, and appending makes it of today', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  copyFileSync(join(import.meta.dirname, '../fixtures/snapshots/format-1.db'), file)
  assert.equal(formatIn(file), 1, 'it was recorded by the first reseal')
  const before = contentsOf(directory)
  const recordedThen = pairsIn(file)
  assert.deepEqual(
    recordedThen.map((pair) => pair?.request.target),
    ['/token', '/jwks', '/inventory/apple'],
  )
  assert.deepEqual(verifySnapshot(file).problems, [])
  assert.deepEqual(contentsOf(directory), before)

  const writer = await record(file, { append: true })
  const added = (): RRPair =>
    aPair({ id: writer.nextId, response: { interim: [anInterim(1)], chunks: [{ endBytes: 11, atMs: 40 }] } })
  await writer.put(added())
  await writer.note(aGap())
  await writer.close()
  assert.equal(formatIn(file), 5)
  assert.deepStrictEqual(pairsIn(file), [...recordedThen, added()])
  assert.deepEqual(verifySnapshot(file).gaps, [aGap()])
  assert.deepEqual(verifySnapshot(file).problems, [])
})

test('a long body of format 3 is the same in format 4, with a check sum of all its bytes', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const bytes = randomBytes(2 * MIB + 7)
  const db = new Database(file)
  migrate(db, MIGRATIONS.slice(0, 3))
  db.exec("INSERT INTO snapshot VALUES (1, 1, '1')")
  db.prepare('INSERT INTO body VALUES (5, ?, ?)').run(randomBytes(32), bytes.length)
  for (const seq of [2, 0, 1]) {
    const chunk = bytes.subarray(seq * MIB, (seq + 1) * MIB)
    db.prepare('INSERT INTO body_chunk (body_id, seq, bytes) VALUES (5, ?, ?)').run(seq, chunk)
  }
  migrate(db)
  assert.equal(db.prepare('SELECT crc32 FROM body').pluck().get(), crc32(bytes))
  assert.equal(db.prepare('SELECT count(*) FROM body_chunk').pluck().get(), 2)
  assert.ok(Buffer.from(bodyReader(db, file).get(5)).equals(bytes))
  db.close()
  assert.deepEqual(verifySnapshot(file).problems, [
    `orphan: body 5 (${bytes.length} bytes) belongs to no pair`,
  ])
})

function formatIn(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db.prepare('PRAGMA user_version').get()?.['user_version']
  } finally {
    db.close()
  }
}

function pairsOf(file: string): readonly unknown[] {
  const reader = openSnapshot(file, { migrations: LATER })
  try {
    return [...reader.heads()].map(({ id }) => reader.pair(id))
  } finally {
    reader.close()
  }
}
