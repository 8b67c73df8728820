import { crc32 } from 'node:zlib'
import type Database from 'better-sqlite3'
import { ResealError } from '../core/errors.ts'

/** `application_id` of a snapshot: the bytes `rsel`, at offset 68 of the file (SQLite file format §1.3.17). */
export const APPLICATION_ID = 0x7273656c

/**
 * Format 1. What travels as bytes is a BLOB: TEXT would lose bytes past 0x7f, and `length()` stops at NUL. Moments
 * and durations are REAL, a JavaScript number exactly. An empty body is no body row.
 */
const PAIRS_AND_BODIES = `
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  created_at REAL NOT NULL,
  reseal_version TEXT NOT NULL
) STRICT;

CREATE TABLE route (
  id INTEGER PRIMARY KEY,
  listen TEXT NOT NULL,
  target TEXT NOT NULL,
  UNIQUE (listen, target)
) STRICT;

CREATE TABLE body (
  id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  size INTEGER NOT NULL CHECK (size > 0)
) STRICT;

CREATE TABLE body_chunk (
  id INTEGER PRIMARY KEY,
  body_id INTEGER NOT NULL REFERENCES body (id),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576),
  UNIQUE (body_id, seq)
) STRICT;

CREATE TABLE pair (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  at REAL NOT NULL,
  first_byte_ms REAL,
  took_ms REAL NOT NULL,
  route_id INTEGER NOT NULL REFERENCES route (id),
  outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'client aborted', 'upstream aborted', 'upstream error')),
  error TEXT,
  scheme TEXT NOT NULL CHECK (scheme IN ('http', 'https')),
  authority BLOB NOT NULL,
  method BLOB NOT NULL,
  target BLOB NOT NULL,
  request_http TEXT NOT NULL,
  request_headers BLOB NOT NULL,
  request_trailers BLOB NOT NULL,
  request_body_id INTEGER REFERENCES body (id),
  request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
  request_truncated INTEGER NOT NULL CHECK (request_truncated IN (0, 1)),
  status INTEGER,
  reason BLOB,
  response_http TEXT,
  response_headers BLOB,
  response_trailers BLOB,
  response_body_id INTEGER REFERENCES body (id),
  response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0),
  response_truncated INTEGER NOT NULL CHECK (response_truncated IN (0, 1)),
  CHECK (
    (status IS NULL) = (reason IS NULL)
    AND (status IS NULL) = (response_http IS NULL)
    AND (status IS NULL) = (response_headers IS NULL)
    AND (status IS NULL) = (response_trailers IS NULL)
    AND (status IS NOT NULL OR response_body_id IS NULL)
  )
) STRICT;

CREATE INDEX pair_route ON pair (route_id);
`

/**
 * Format 2: what a response is besides its bytes, and times in which nothing was stored. The payload of a frame is a
 * body; the pieces of a response are one BLOB (`chunk-list.ts`), null where there was one piece.
 */
const PASSAGES_AND_GAPS = `
ALTER TABLE pair ADD COLUMN response_chunks BLOB CHECK (length(response_chunks) BETWEEN 2 AND 1048576);

CREATE TABLE interim (
  id INTEGER PRIMARY KEY,
  pair_id INTEGER NOT NULL REFERENCES pair (id),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  at_ms REAL NOT NULL,
  status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 199),
  reason BLOB NOT NULL,
  headers BLOB NOT NULL,
  UNIQUE (pair_id, seq)
) STRICT;

CREATE TABLE frame (
  id INTEGER PRIMARY KEY,
  pair_id INTEGER NOT NULL REFERENCES pair (id),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  at_ms REAL NOT NULL,
  sender TEXT NOT NULL CHECK (sender IN ('client', 'server')),
  fin INTEGER NOT NULL CHECK (fin IN (0, 1)),
  opcode INTEGER NOT NULL CHECK (opcode BETWEEN 0 AND 15),
  body_id INTEGER REFERENCES body (id),
  UNIQUE (pair_id, seq)
) STRICT;

CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  from_at REAL NOT NULL,
  to_at REAL NOT NULL CHECK (to_at >= from_at),
  exchanges INTEGER NOT NULL CHECK (exchanges > 0),
  reason TEXT NOT NULL
) STRICT;
`

/**
 * Format 3: what every pair asked, so that a replay need not read them all to begin (`asked-run.ts`). A run holds the
 * pairs of one or many transactions; subjects are whom requests speak for.
 */
const ASKED = `
CREATE TABLE asked_run (
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  entries BLOB NOT NULL CHECK (length(entries) > 0)
) STRICT;

CREATE TABLE asked_subject (
  id INTEGER PRIMARY KEY CHECK (id > 0),
  name TEXT NOT NULL UNIQUE
) STRICT;
`

/**
 * Format 4: a body is one row, found by the CRC-32 of its bytes in the writer's memory and by comparing them. An index
 * over digests has its pages all over the file, and each new body wrote one of them anew. Further MiBs of a long body
 * stay in `body_chunk`, from 1. `crc32_of` is {@link migrate}'s.
 */
const ONE_ROW_BODIES = `
CREATE TABLE body_row (
  id INTEGER PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size > 0),
  crc32 INTEGER NOT NULL CHECK (crc32 BETWEEN 0 AND 4294967295),
  bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 1048576)
) STRICT;

INSERT INTO body_row (id, size, crc32, bytes)
SELECT id, size,
  (SELECT crc32_of(bytes) FROM (SELECT bytes FROM body_chunk WHERE body_id = body.id ORDER BY seq)),
  (SELECT bytes FROM body_chunk WHERE body_id = body.id AND seq = 0)
FROM body;

DELETE FROM body_chunk WHERE seq = 0;
DROP TABLE body;
ALTER TABLE body_row RENAME TO body;

DROP INDEX pair_route;
`

/** Format 5: what a recording says of its pairs, as JSON; a way that was recorded with other tags is another one. */
const TAGS = `
CREATE TABLE tagged_route (
  id INTEGER PRIMARY KEY,
  listen TEXT NOT NULL,
  target TEXT NOT NULL,
  tags TEXT NOT NULL,
  UNIQUE (listen, target, tags)
) STRICT;
INSERT INTO tagged_route (id, listen, target, tags) SELECT id, listen, target, '{}' FROM route;
DROP TABLE route;
ALTER TABLE tagged_route RENAME TO route;
`

/**
 * The SQL that leads from one format to the next, the first from an empty database to format 1. Rows are only ever
 * added: a published one is never edited, since there are snapshots that went through it.
 */
export const MIGRATIONS: readonly string[] = [
  PAIRS_AND_BODIES,
  PASSAGES_AND_GAPS,
  ASKED,
  ONE_ROW_BODIES,
  TAGS,
]

/**
 * Brings a database to the newest format in one transaction; one that is there already is left as it is.
 * Foreign keys are off meanwhile, so that a migration may rebuild a table (SQLite, ALTER TABLE §7), and checked before
 * the commit.
 * @param migrations tests pass a longer list than {@link MIGRATIONS}
 * @throws ResealError SNAPSHOT_INVALID, or SqliteError, when a migration does not fit, with nothing changed
 */
export function migrate(db: Database.Database, migrations: readonly string[] = MIGRATIONS): void {
  const from = formatOf(db)
  if (from >= migrations.length) return
  db.pragma('foreign_keys = OFF')
  db.aggregate('crc32_of', {
    start: 0,
    deterministic: true,
    step: (sum: number, bytes: unknown) => (bytes instanceof Uint8Array ? crc32(bytes, sum) : sum),
  })
  try {
    db.transaction(() => {
      for (const sql of migrations.slice(from)) db.exec(sql)
      if (db.prepare('PRAGMA foreign_key_check').all().length > 0) {
        throw new ResealError(
          'SNAPSHOT_INVALID',
          `format ${from} of the snapshot holds rows without their parents`,
        )
      }
      db.pragma(`application_id = ${APPLICATION_ID}`)
      db.pragma(`user_version = ${migrations.length}`)
    }).immediate()
  } finally {
    db.pragma('foreign_keys = ON')
  }
}

/** Number of the migration a database stands at; 0 before the first. */
export function formatOf(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }))
}
