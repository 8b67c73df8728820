import type Database from 'better-sqlite3'
import {
  ASKED_FLAGS,
  KEY_WORDS,
  smallNumbers,
  type AskedColumns,
  type AskedFacts,
} from '../core/asked-columns.ts'
import type { PairId } from '../core/pair.ts'

/** A pair with what an index needs of it. */
export interface AskedEntry extends AskedFacts {
  readonly id: PairId
  readonly routeId: number
}

/**
 * What pairs asked, in runs: one BLOB for the pairs of a transaction, folded into few long ones when the recording ends.
 * An index of a million pairs is then read by some dozens of rows.
 */
export interface AskedRunWriter {
  /** Adds the entries of one transaction, inside it. Of two entries of one pair the later one counts. */
  add(entries: readonly AskedEntry[]): void
  /** Folds the runs, sorted by pair, and forgets those of another version. */
  fold(): void
}

/** Bytes of an entry: id (8), key (16), route (4), subject (4), flags (1), redaction (3); little-endian. */
const ENTRY_BYTES = 36
const [KEY_AT, ROUTE_AT, SUBJECT_AT, FLAGS_AT] = [8, 24, 28, 32]
/** Entries of a folded run: about a megabyte. */
const FOLDED = 29_127
/** So few runs are left as they are. */
const FEW_RUNS = 16

/** @param version of the way questions are told apart; entries of another one are of no use */
export function askedRunWriter(db: Database.Database, version: number): AskedRunWriter {
  const addRun = db.prepare<[number, Uint8Array]>('INSERT INTO asked_run (version, entries) VALUES (?, ?)')
  const findSubject = db.prepare<[string], number>('SELECT id FROM asked_subject WHERE name = ?').pluck()
  const addSubject = db.prepare<[string]>('INSERT INTO asked_subject (name) VALUES (?)')
  const runs = db
    .prepare<[number], Buffer>('SELECT entries FROM asked_run WHERE version = ? ORDER BY id')
    .pluck()

  const subjectId = (name: string | undefined): number =>
    name === undefined ? 0 : (findSubject.get(name) ?? Number(addSubject.run(name).lastInsertRowid))

  return {
    add(entries) {
      if (entries.length === 0) return
      const bytes = Buffer.alloc(entries.length * ENTRY_BYTES)
      for (const [index, { id, key, routeId, subject, flags, redaction }] of entries.entries()) {
        const at = index * ENTRY_BYTES
        bytes.writeDoubleLE(id, at)
        bytes.set(key, at + KEY_AT)
        bytes.writeUInt32LE(routeId, at + ROUTE_AT)
        bytes.writeUInt32LE(subjectId(subject), at + SUBJECT_AT)
        bytes.writeUInt8(flags, at + FLAGS_AT)
        bytes.writeUIntLE(redaction, at + FLAGS_AT + 1, 3)
      }
      addRun.run(version, bytes)
    },
    fold: db.transaction(() => {
      const found = runs.all(version)
      if (found.length > FEW_RUNS || !isSorted(found)) {
        const sorted = sortedEntries(Buffer.concat(found))
        db.exec('DELETE FROM asked_run')
        for (let at = 0; at < sorted.length; at += FOLDED * ENTRY_BYTES) {
          addRun.run(version, sorted.subarray(at, at + FOLDED * ENTRY_BYTES))
        }
      } else db.prepare('DELETE FROM asked_run WHERE version <> ?').run(version)
    }),
  }
}

/** What entries have to be like to be believed. */
export interface WantedColumns {
  readonly version: number
  /** By which redacted questions are to be made. */
  readonly redaction: number
  /** How many there are. */
  readonly pairs: number
}

/** What every pair asked; undefined when that is not known of each, or by another version. */
export function readAskedColumns(db: Database.Database, wanted: WantedColumns): AskedColumns | undefined {
  const { version, pairs } = wanted
  const bytes = db
    .prepare<[number], number>('SELECT total(length(entries)) FROM asked_run WHERE version = ?')
    .pluck()
    .get(version)
  // Entries that were replaced are as good a reason to look closer as pairs that have none.
  const isFolded = bytes === pairs * ENTRY_BYTES
  const select = db
    .prepare<[number], Buffer>('SELECT entries FROM asked_run WHERE version = ? ORDER BY id')
    .pluck()
  const routes = names(db, 'SELECT id, target AS name FROM route')
  const subjects = names(db, 'SELECT id, name FROM asked_subject')
  const inOrder = isFolded ? columnsOf(select.iterate(version), wanted, routes, subjects) : undefined
  if (inOrder !== undefined) return inOrder
  const found = select.all(version)
  if (found.some(({ length }) => length % ENTRY_BYTES !== 0)) return undefined
  return columnsOf([sortedEntries(Buffer.concat(found))], wanted, routes, subjects)
}

/** The entries of a version by pair; undefined where they are not whole. */
export function storedEntries(db: Database.Database, version: number): Map<PairId, AskedEntry> | undefined {
  const runs = db
    .prepare<[number], Buffer>('SELECT entries FROM asked_run WHERE version = ? ORDER BY id')
    .pluck()
    .all(version)
  if (runs.some(({ length }) => length % ENTRY_BYTES !== 0)) return undefined
  const subjects = new Map(
    db
      .prepare<[], { id: number; name: string }>('SELECT id, name FROM asked_subject')
      .all()
      .map(({ id, name }) => [id, name]),
  )
  const entries = new Map<PairId, AskedEntry>()
  for (const bytes of runs) {
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const subject = bytes.readUInt32LE(at + SUBJECT_AT)
      const id = bytes.readDoubleLE(at)
      entries.set(id, {
        id,
        key: bytes.subarray(at + KEY_AT, at + ROUTE_AT),
        routeId: bytes.readUInt32LE(at + ROUTE_AT),
        // One that is not there is nobody that a pair speaks for.
        subject: subject === 0 ? undefined : (subjects.get(subject) ?? ''),
        flags: bytes.readUInt8(at + FLAGS_AT),
        redaction: bytes.readUIntLE(at + FLAGS_AT + 1, 3),
      })
    }
  }
  return entries
}

interface Names {
  /** Position by row. */
  readonly places: ReadonlyMap<number, number>
  readonly list: readonly string[]
}

/** Rows of one name have one place. */
function names(db: Database.Database, sql: string): Names {
  const rows = db.prepare<[], { id: number; name: string }>(sql).all()
  const list = [...new Set(rows.map(({ name }) => name))]
  const byName = new Map(list.map((name, place) => [name, place]))
  return { places: new Map(rows.map(({ id, name }) => [id, byName.get(name) ?? 0])), list }
}

/** Undefined for runs that are not one entry for each of so many pairs, in order. */
function columnsOf(
  runs: Iterable<Buffer>,
  { pairs, redaction }: WantedColumns,
  routes: Names,
  people: Names,
): AskedColumns | undefined {
  const ids = new Float64Array(pairs)
  const keys = new Uint32Array(pairs * KEY_WORDS)
  const origins = smallNumbers(pairs, routes.list.length)
  const subjects = smallNumbers(pairs, people.list.length)
  const flags = new Uint8Array(pairs)
  const stale: number[] = []
  let row = 0
  let last = 0
  for (const bytes of runs) {
    if (bytes.length % ENTRY_BYTES !== 0 || row + bytes.length / ENTRY_BYTES > pairs) return undefined
    const words = bytes.byteOffset % 4 === 0 ? wordsOf(bytes) : wordsOf(Buffer.from(bytes))
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const word = at / 4
      const id = bytes.readDoubleLE(at)
      const route = routes.places.get(words[word + ROUTE_AT / 4] ?? 0)
      const subject = words[word + SUBJECT_AT / 4] ?? 0
      const place = subject === 0 ? -1 : people.places.get(subject)
      if (!(id > last) || route === undefined || place === undefined) return undefined
      last = id
      ids[row] = id
      for (let key = 0; key < KEY_WORDS; key += 1)
        keys[row * KEY_WORDS + key] = words[word + KEY_AT / 4 + key] ?? 0
      origins[row] = route
      subjects[row] = place + 1
      const flagWord = words[word + FLAGS_AT / 4] ?? 0
      flags[row] = flagWord
      if (isStale(flagWord, redaction)) stale.push(row)
      row += 1
    }
  }
  if (row !== pairs) return undefined
  return { ids, keys, origins, subjects, flags, originNames: routes.list, subjectNames: people.list, stale }
}

/** @param word flags and, in the bytes above them, the redaction */
function isStale(word: number, redaction: number): boolean {
  return (word & ASKED_FLAGS.redacted) !== 0 && (redaction === 0 || word >>> 8 !== redaction)
}

/** The words of a run; a view reads them several times as fast as a method call each. */
function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
}

/** Whether every pair comes after the one before it. */
function isSorted(runs: readonly Buffer[]): boolean {
  let last = 0
  for (const bytes of runs) {
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const id = bytes.readDoubleLE(at)
      if (!(id > last)) return false
      last = id
    }
  }
  return true
}

/** Entries by pair, of each the last one. */
function sortedEntries(bytes: Buffer): Buffer {
  const latest = new Map<PairId, number>()
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) latest.set(bytes.readDoubleLE(at), at)
  const sorted = Buffer.alloc(latest.size * ENTRY_BYTES)
  const order = [...latest].toSorted(([a], [b]) => a - b)
  for (const [index, [, at]] of order.entries()) {
    bytes.copy(sorted, index * ENTRY_BYTES, at, at + ENTRY_BYTES)
  }
  return sorted
}
