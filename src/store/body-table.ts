import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type Database from 'better-sqlite3'
import { ResealError } from '../core/errors.ts'
import { joinedBytes } from '../core/joined-bytes.ts'

/** Row of a body; null stands for the empty one, which has no row. */
export type BodyId = number | null

/** Writes bodies, equal ones once. */
export interface BodyWriter {
  /** A row that holds exactly these bytes, made when none is known. */
  put(bytes: Uint8Array): BodyId
  /** Rows that were made may not be there any more: a transaction was rolled back. */
  forget(): void
}

/** Reads bodies whole. */
export interface BodyReader {
  /** @throws ResealError SNAPSHOT_INVALID when bytes are missing */
  get(id: BodyId): Uint8Array
}

/** The most bytes of a body in one row: SQLite reads a row as a whole, and holds no blob past 1 GB. */
const ROW_BYTES = 1024 * 1024
/** So many bodies are known again; an older one is stored once more when it comes again. */
const REMEMBERED_BODIES = 100_000
/** To read a longer one back and compare it takes longer than its SHA-256. */
const LONG_BYTES = 256 * 1024
const REMEMBERED_LONG = 1000
/** Of those that a snapshot has already when recording goes on. */
const REMEMBERED_BEFORE = 10_000

/** The CRC-32 and size of a body as one number below 2^53, which is enough to find one that may be equal. */
function likenessOf(crc: number, bytes: number): number {
  return crc * 2 ** 21 + (bytes % 2 ** 21)
}

export function bodyWriter(db: Database.Database): BodyWriter {
  const addBody = db.prepare<[number, number, Uint8Array]>(
    'INSERT INTO body (size, crc32, bytes) VALUES (?, ?, ?)',
  )
  const addChunk = db.prepare<[number, number, Uint8Array]>(
    'INSERT INTO body_chunk (body_id, seq, bytes) VALUES (?, ?, ?)',
  )
  const isStored = storedBodies(db)
  let latest = rememberedBodies(db)
  let before = new Map<number, number>()

  const add = (crc: number, bytes: Uint8Array): number => {
    const id = Number(addBody.run(bytes.length, crc, bytes.subarray(0, ROW_BYTES)).lastInsertRowid)
    for (let seq = 1; seq * ROW_BYTES < bytes.length; seq += 1) {
      addChunk.run(id, seq, bytes.subarray(seq * ROW_BYTES, (seq + 1) * ROW_BYTES))
    }
    return id
  }

  const find = (bytes: Uint8Array): number => {
    const crc = crc32(bytes)
    const likeness = likenessOf(crc, bytes.length)
    const known = latest.get(likeness) ?? before.get(likeness)
    // What is remembered may have been rolled back, and another body may have its number by now.
    if (known !== undefined && isStored(known, bytes)) return known
    const id = add(crc, bytes)
    // Two maps by turns: the first key of a map whose first keys were deleted is a long way to go.
    if (latest.size === REMEMBERED_BODIES / 2) [before, latest] = [latest, new Map()]
    latest.set(likeness, id)
    return id
  }
  const long = new Map<string, number>()
  const findLong = (bytes: Uint8Array): number => {
    const digest = hash('sha256', bytes, 'base64')
    const id = long.get(digest) ?? find(bytes)
    if (long.size === REMEMBERED_LONG) long.clear()
    long.set(digest, id)
    return id
  }

  return {
    put(bytes) {
      if (bytes.length === 0) return null
      return bytes.length < LONG_BYTES ? find(bytes) : findLong(bytes)
    },
    forget: () => long.clear(),
  }
}

/** The latest bodies by what they are like. */
function rememberedBodies(db: Database.Database): Map<number, number> {
  const rows = db
    .prepare<[number], { id: number; size: number; crc32: number }>(
      'SELECT id, size, crc32 FROM body ORDER BY id DESC LIMIT ?',
    )
    .all(REMEMBERED_BEFORE)
  return new Map(rows.toReversed().map(({ id, size, crc32: crc }) => [likenessOf(crc, size), id]))
}

/** Whether a row holds exactly these bytes. */
function storedBodies(db: Database.Database): (id: number, bytes: Uint8Array) => boolean {
  const rowOf = db.prepare<[number], Uint8Array>('SELECT bytes FROM body WHERE id = ?').pluck()
  const chunkOf = db
    .prepare<[number, number], Uint8Array>('SELECT bytes FROM body_chunk WHERE body_id = ? AND seq = ?')
    .pluck()
  return (id, bytes) => {
    for (let seq = 0; seq * ROW_BYTES < bytes.length; seq += 1) {
      const stored = seq === 0 ? rowOf.get(id) : chunkOf.get(id, seq)
      const part = bytes.subarray(seq * ROW_BYTES, (seq + 1) * ROW_BYTES)
      if (stored === undefined || Buffer.compare(stored, part) !== 0) return false
    }
    return bytes.length % ROW_BYTES !== 0 || chunkOf.get(id, bytes.length / ROW_BYTES) === undefined
  }
}

/** @param file named in errors */
export function bodyReader(db: Database.Database, file: string): BodyReader {
  // Most bodies are one row, and to ask for one costs a tenth of what asking for a list does.
  const firstOf = db
    .prepare<[number], readonly [size: number, bytes: Uint8Array]>(
      'SELECT size, bytes FROM body WHERE id = ?',
    )
    .raw()
  const chunksOf = db
    .prepare<[number], Uint8Array>('SELECT bytes FROM body_chunk WHERE body_id = ? ORDER BY seq')
    .pluck()

  return {
    get: (id) => {
      if (id === null) return new Uint8Array()
      const [size, first = new Uint8Array()] = firstOf.get(id) ?? []
      if (first.length === size) return joinedBytes([first], size)
      const chunks = [first, ...chunksOf.all(id)]
      const found = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (size === found) return joinedBytes(chunks, size)
      throw new ResealError(
        'SNAPSHOT_INVALID',
        `body ${id} of ${file} has ${found} bytes of ${size ?? 'unknown'}`,
        {
          hint: 'See what else is wrong with: reseal verify',
        },
      )
    },
  }
}
