import { hash } from 'node:crypto'
import type Database from 'better-sqlite3'
import { ResealError } from '../core/errors.ts'
import { joinedBytes } from '../core/joined-bytes.ts'

/** Row of a body; null stands for the empty one, which has no row. */
export type BodyId = number | null

/** Writes bodies, each distinct one once, in chunks. */
export interface BodyWriter {
  /** The row that holds exactly these bytes, made when there is none. */
  put(bytes: Uint8Array): BodyId
}

/** Reads bodies whole. */
export interface BodyReader {
  /** @throws ResealError SNAPSHOT_INVALID when bytes are missing */
  get(id: BodyId): Uint8Array
}

/** The most bytes of a body in one row: SQLite reads a row as a whole, and holds no blob past 1 GB. */
const CHUNK_BYTES = 1024 * 1024

export function bodyWriter(db: Database.Database): BodyWriter {
  const find = db.prepare<[Buffer], number>('SELECT id FROM body WHERE sha256 = ?').pluck()
  const addBody = db.prepare<[Buffer, number]>('INSERT INTO body (sha256, size) VALUES (?, ?)')
  const addChunk = db.prepare<[number, number, Uint8Array]>(
    'INSERT INTO body_chunk (body_id, seq, bytes) VALUES (?, ?, ?)',
  )

  const add = (sha256: Buffer, bytes: Uint8Array): number => {
    const id = Number(addBody.run(sha256, bytes.length).lastInsertRowid)
    for (let seq = 0; seq * CHUNK_BYTES < bytes.length; seq += 1) {
      addChunk.run(id, seq, bytes.subarray(seq * CHUNK_BYTES, (seq + 1) * CHUNK_BYTES))
    }
    return id
  }

  return {
    put: (bytes) => {
      if (bytes.length === 0) return null
      const sha256 = hash('sha256', bytes, 'buffer')
      return find.get(sha256) ?? add(sha256, bytes)
    },
  }
}

/** @param file named in errors */
export function bodyReader(db: Database.Database, file: string): BodyReader {
  // Most bodies are one row, and to ask for one costs a tenth of what asking for a list does.
  const firstOf = db
    .prepare<[number], readonly [size: number, bytes: Uint8Array | null]>(
      'SELECT size, (SELECT bytes FROM body_chunk WHERE body_id = body.id AND seq = 0) FROM body WHERE id = ?',
    )
    .raw()
  const chunksOf = db
    .prepare<[number], Uint8Array>('SELECT bytes FROM body_chunk WHERE body_id = ? ORDER BY seq')
    .pluck()

  return {
    get: (id) => {
      if (id === null) return new Uint8Array()
      const [size, first] = firstOf.get(id) ?? []
      if (first !== undefined && first !== null && first.length === size) return joinedBytes([first], size)
      const chunks = chunksOf.all(id)
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
