import { crc32 } from 'node:zlib'
import type Database from 'better-sqlite3'
import { ResealError, errorMessage } from '../core/errors.ts'
import type { PairIndexer } from './asked-log.ts'
import { askedProblems } from './asked-verify.ts'
import { MIGRATIONS } from './migrations.ts'
import type { RecordedGap } from '../core/pair.ts'
import type { BodyReader } from './body-table.ts'
import { gapReader } from './gap-table.ts'
import { SELECT_PAIR, parsePair, type PairParts } from './pair-row.ts'
import { passageReader } from './passage-table.ts'
import type { Row } from './row-columns.ts'
import { schemaDifferences } from './schema.ts'
import { connectSnapshot } from './snapshot-connection.ts'

/** What became of a snapshot's bytes. */
export interface Verdict {
  readonly pairs: number
  readonly bodies: number
  /** Content bytes of all bodies, each counted once. */
  readonly bytes: number
  /** Times in which nothing could be stored: told at the time, and so no problem. */
  readonly gaps: readonly RecordedGap[]
  /** A sentence each; empty when the snapshot is as it was recorded. */
  readonly problems: readonly string[]
}

interface BodyRow {
  readonly id: number
  readonly size: number
  readonly crc32: number
  readonly bytes: Uint8Array
}

/**
 * Checks a snapshot to the last byte: the file's structure, its schema, every reference, the length and CRC-32 of every
 * body, that each pair can be read and makes sense, and what the index says of it. It reads everything, and changes nothing.
 * @param indexer says what the index should hold; without it, the index is not looked at
 * @throws ResealError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_BUSY when it cannot even be opened
 */
export function verifySnapshot(file: string, indexer?: PairIndexer): Verdict {
  const connection = connectSnapshot(file, (db) => ({ db, begin: () => undefined }))
  try {
    return connection.use(({ db }) => {
      // One transaction, so that a recorder at work is seen at one moment.
      db.exec('BEGIN')
      try {
        return verdictOn(db, file, indexer)
      } finally {
        db.exec('ROLLBACK')
      }
    })
  } finally {
    connection.close()
  }
}

function verdictOn(db: Database.Database, file: string, indexer: PairIndexer | undefined): Verdict {
  const ofIndex: readonly Check[] = indexer === undefined ? [] : [(at) => askedProblems(at, file, indexer)]
  const problems = [...CHECKS, ...ofIndex].flatMap((check) => {
    try {
      return check(db, file)
    } catch (error) {
      // A damaged page ends this check; what the others find is still worth knowing.
      return [error instanceof ResealError ? error.message : damage(errorMessage(error))]
    }
  })
  return { ...totals(db), gaps: readableGaps(db, file), problems: [...new Set(problems)] }
}

function readableGaps(db: Database.Database, file: string): readonly RecordedGap[] {
  try {
    return gapReader(db, file)()
  } catch {
    // It is among the problems already.
    return []
  }
}

function gaps(db: Database.Database, file: string): readonly string[] {
  gapReader(db, file)()
  return []
}

type Check = (db: Database.Database, file: string) => readonly string[]

const CHECKS: readonly Check[] = [structure, schema, references, bodies, orphans, pairs, gaps]

function totals(db: Database.Database): Omit<Verdict, 'problems' | 'gaps'> {
  const number = (sql: string): number => {
    try {
      return db.prepare<[], number>(sql).pluck().get() ?? 0
    } catch {
      // A table that cannot be counted is among the problems already.
      return 0
    }
  }
  return {
    pairs: number('SELECT count(*) FROM pair'),
    bodies: number('SELECT count(*) FROM body'),
    bytes: number('SELECT total(size) FROM body'),
  }
}

function structure(db: Database.Database): readonly string[] {
  const found = db.prepare<[], string>('PRAGMA integrity_check').pluck().all()
  return found.filter((line) => line !== 'ok').map(damage)
}

function damage(what: string): string {
  return `the file is damaged: ${what}`
}

function schema(db: Database.Database): readonly string[] {
  return schemaDifferences(db, MIGRATIONS)
}

function references(db: Database.Database): readonly string[] {
  return db
    .prepare<[], { table: string; rowid: number; parent: string }>('PRAGMA foreign_key_check')
    .all()
    .map(({ table, rowid, parent }) => `${table} ${rowid} refers to a ${parent} that is not there`)
}

function bodies(db: Database.Database): readonly string[] {
  const chunks = db.prepare<[number], { seq: number; bytes: Uint8Array }>(
    'SELECT seq, bytes FROM body_chunk WHERE body_id = ? ORDER BY seq',
  )
  const rows = db.prepare<[], BodyRow>('SELECT id, size, crc32, bytes FROM body ORDER BY id')
  const problems: string[] = []
  for (const body of rows.iterate()) problems.push(...bodyProblems(body, chunks.iterate(body.id)))
  return problems
}

function bodyProblems(
  body: BodyRow,
  chunks: Iterable<{ readonly seq: number; readonly bytes: Uint8Array }>,
): readonly string[] {
  const { id, size } = body
  const problems: string[] = []
  let next = 1
  let length = body.bytes.length
  let sum = crc32(body.bytes)
  for (const { seq, bytes } of chunks) {
    if (seq !== next) problems.push(`body ${id} lacks its chunk ${next}`)
    next = seq + 1
    length += bytes.length
    sum = crc32(bytes, sum)
  }
  if (length !== size) problems.push(`body ${id} has ${length} bytes of ${size}`)
  if (sum !== body.crc32) problems.push(`body ${id} is not the one that was recorded: its CRC-32 differs`)
  return problems
}

function orphans(db: Database.Database): readonly string[] {
  return db
    .prepare<[], { id: number; size: number }>(
      `SELECT id, size FROM body WHERE id NOT IN (
         SELECT request_body_id FROM pair WHERE request_body_id IS NOT NULL
         UNION SELECT response_body_id FROM pair WHERE response_body_id IS NOT NULL
         UNION SELECT body_id FROM frame WHERE body_id IS NOT NULL) ORDER BY id`,
    )
    .all()
    .map(({ id, size }) => `orphan: body ${id} (${size} bytes) belongs to no pair`)
}

function pairs(db: Database.Database, file: string): readonly string[] {
  const problems: string[] = []
  const parts = { bodies: NO_BODIES, passages: passageReader(db, file, NO_BODIES) }
  for (const row of db.prepare<[], Row>(`${SELECT_PAIR} ORDER BY pair.id`).iterate()) {
    try {
      problems.push(...pairProblems(row, file, parts))
    } catch (error) {
      problems.push(errorMessage(error))
    }
  }
  return problems
}

/** Bodies are read by a check of their own, once each. */
const NO_BODIES: BodyReader = { get: () => new Uint8Array() }

function pairProblems(row: Row, file: string, parts: PairParts): readonly string[] {
  const { id, outcome, error, response, responseTruncated, firstByteMs, tookMs } = parsePair(row, file, parts)
  const findings: readonly (readonly [boolean, string])[] = [
    [outcome === 'complete' && response === undefined, 'is complete and has no response'],
    [outcome === 'complete' && error !== undefined && !responseTruncated, 'is complete and has an error'],
    [response !== undefined && firstByteMs === undefined, 'has a response that began at no time'],
    [tookMs < 0 || (firstByteMs ?? 0) < 0, 'ended before it began'],
  ]
  return findings.filter(([wrong]) => wrong).map(([, what]) => `pair ${id} ${what}`)
}
