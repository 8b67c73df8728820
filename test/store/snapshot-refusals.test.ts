import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair } from '../support/a-pair.ts'
import { contentsOf, pairsIn, record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

test('a snapshot that is not there is missed by name, with the ones that are', async (context) => {
  const directory = snapshotDirectory(context)
  const missing = join(directory, 'demmo.db')
  assert.throws(
    () => openSnapshot(missing),
    refusal(
      'SNAPSHOT_MISSING',
      `there is no snapshot ${missing}`,
      `There are no snapshots in ${directory}; record one with: reseal record demmo --target URL`,
    ),
  )
  await recorded(join(directory, 'demo.db'), [])
  await recorded(join(directory, 'billing.db'), [])
  assert.throws(
    () => openSnapshot(missing),
    refusal(
      'SNAPSHOT_MISSING',
      `there is no snapshot ${missing}`,
      'Did you mean "demo"? Snapshots there: billing, demo.',
    ),
  )
  assert.throws(
    () => openSnapshot(join(directory, 'other.db')),
    refusal('SNAPSHOT_MISSING', /^there is no snapshot/, 'Snapshots there: billing, demo.'),
  )
})

const ANOTHER_NAME = 'Choose another snapshot name, or move that file away.'
const COPY_AGAIN = 'Copy it again from where it was recorded, or record it anew.'

/** Files that reader, verifier and appending recorder refuse alike. */
const REFUSED: readonly {
  readonly title: string
  readonly make: (file: string, good: string) => void
  readonly code: ErrorCode
  readonly message: (file: string) => string
  readonly hint: string
}[] = [
  {
    title: 'an empty file',
    make: (file) => writeFileSync(file, ''),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is not a snapshot: it is empty`,
    hint: ANOTHER_NAME,
  },
  {
    title: 'a text',
    make: (file) => writeFileSync(file, 'version: 1\n'.repeat(100)),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is not a snapshot: it is not a SQLite file`,
    hint: ANOTHER_NAME,
  },
  {
    title: 'a snapshot cut off in its first page',
    make: (file, good) => writeFileSync(file, readFileSync(good).subarray(0, 90)),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is not a snapshot: it is not a SQLite file`,
    hint: ANOTHER_NAME,
  },
  {
    title: 'a snapshot cut off in the middle',
    make: (file, good) => writeFileSync(file, readFileSync(good).subarray(0, 8192)),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is damaged: database disk image is malformed`,
    hint: COPY_AGAIN,
  },
  {
    title: 'a SQLite file of another program',
    make: (file) => withSqlite(file, 'CREATE TABLE pair (id INTEGER PRIMARY KEY)'),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is not a snapshot: it is a SQLite file of another program`,
    hint: ANOTHER_NAME,
  },
  {
    title: 'a SQLite file in WAL mode of another program',
    make: (file) => withSqlite(file, 'PRAGMA journal_mode = WAL; CREATE TABLE pair (id INTEGER PRIMARY KEY)'),
    code: 'SNAPSHOT_INVALID',
    message: (file) => `${file} is not a snapshot: it is a SQLite file of another program`,
    hint: ANOTHER_NAME,
  },
  {
    title: 'a snapshot of a later reseal',
    make: (file, good) => {
      copyFileSync(good, file)
      withSqlite(file, 'PRAGMA user_version = 7')
    },
    code: 'SNAPSHOT_NEWER',
    message: (file) => `${file} has snapshot format 7, and this reseal knows formats up to 5`,
    hint: 'Update reseal.',
  },
]

for (const { title, make, code, message, hint } of REFUSED) {
  test(`${title} is refused, and keeps its bytes`, async (context) => {
    const { file, directory } = await beside(context, make)
    const before = contentsOf(directory)
    assert.throws(() => openSnapshot(file), refusal(code, message(file), hint))
    assert.throws(() => verifySnapshot(file), refusal(code, message(file), hint))
    await assert.rejects(record(file, { append: true }), refusal(code, message(file), hint))
    assert.deepEqual(contentsOf(directory), before)
  })
}

test('a snapshot without its tables is refused, and keeps its bytes', async (context) => {
  const { file, directory } = await beside(context, (path, good) => {
    copyFileSync(good, path)
    withSqlite(path, 'DROP TABLE pair')
  })
  const before = contentsOf(directory)
  assert.throws(
    () => openSnapshot(file),
    refusal('SNAPSHOT_INVALID', `${file} is damaged: no such table: pair`),
  )
  await assert.rejects(
    record(file, { append: true }),
    refusal('SNAPSHOT_INVALID', `${file} is not a snapshot: table pair is missing`, ANOTHER_NAME),
  )
  assert.deepEqual(contentsOf(directory), before)
})

test('a directory of that name is no snapshot', (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  mkdirSync(file)
  assert.throws(
    () => openSnapshot(file),
    refusal('SNAPSHOT_INVALID', `${file} is not a snapshot: it is not a file`),
  )
})

test('a snapshot that exists is not recorded over', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair()])
  const before = contentsOf(directory)
  await assert.rejects(
    record(file),
    refusal(
      'SNAPSHOT_EXISTS',
      `${file} exists already`,
      'Add to it with --append, or record to another name.',
    ),
  )
  assert.deepEqual(contentsOf(directory), before)
})

test('a snapshot has one recorder at a time, by whichever name', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  const link = join(directory, 'link.db')
  const first = await record(file)
  symlinkSync('demo.db', link)
  const busy = refusal(
    'SNAPSHOT_BUSY',
    'demo.db is being recorded by another reseal',
    'Stop that recorder first, or record to another name.',
  )
  await assert.rejects(record(file), busy)
  await assert.rejects(record(file, { append: true }), busy)
  await assert.rejects(record(link, { append: true }), busy)
  await first.put(aPair({ id: 1 }))
  await first.close()
  const second = await record(link, { append: true })
  await second.put(aPair({ id: 2 }))
  await second.close()
  assert.equal(pairsIn(file).length, 2)
  assert.deepEqual(Object.keys(contentsOf(directory)), ['demo.db', 'link.db'])
})

test('a pair that comes after the end is refused', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  await writer.close()
  await assert.rejects(
    writer.put(aPair({ id: 4 })),
    refusal('SNAPSHOT_WRITE', 'pair 4 came after the snapshot was closed'),
  )
})

test('reading changes no byte and leaves no file, whatever the file allows', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair({ id: 1 }), aPair({ id: 2 })])
  chmodSync(file, 0o400)
  chmodSync(directory, 0o500)
  const before = contentsOf(directory)
  const reader = openSnapshot(file)
  assert.equal(reader.count, 2)
  assert.deepStrictEqual(reader.pair(2), aPair({ id: 2 }))
  assert.deepEqual(contentsOf(directory), before)
  reader.close()
  assert.deepEqual(verifySnapshot(file).problems, [])
  assert.deepEqual(contentsOf(directory), before)
})

test('a closed snapshot opens where nothing may be written', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair({ id: 1 }), aPair({ id: 2 })])
  chmodSync(file, 0o444)
  chmodSync(directory, 0o555)
  const before = contentsOf(directory)
  // Root may write anywhere, so there the reader is somebody else.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const script = join(import.meta.dirname, 'reading-process.ts')
  assert.equal(execFileSync(process.execPath, [script, file], { ...nobody, encoding: 'utf8' }), '2\n')
  assert.deepEqual(contentsOf(directory), before)
})

/** A good snapshot in a directory of its own, and a file made from it. */
async function beside(
  context: TestContext,
  make: (file: string, good: string) => void,
): Promise<{ file: string; directory: string }> {
  const good = await recorded(join(snapshotDirectory(context), 'good.db'), [
    aPair({ id: 1, response: { body: 'x'.repeat(50_000) } }),
  ])
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  make(file, good)
  return { file, directory }
}

function withSqlite(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}
