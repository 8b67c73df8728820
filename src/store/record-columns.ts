import type { BinaryText } from '../core/binary-text.ts'
import { afterVarint, varintAt, type RowRecord } from './table-rows.ts'

/** The columns of one row after the other, by their places in the table (SQLite file format §2.1). */
export interface RecordColumns {
  /** Takes up the next record; false for one that cannot be read. It is used until the next one is taken up. */
  take(record: RowRecord): boolean
  isNull(column: number): boolean
  /** A number, NaN where there is none. */
  number(column: number): number
  /** Whether the column holds exactly these characters, as text or bytes. */
  is(column: number, text: BinaryText): boolean
  /** Text or bytes, each byte a character; undefined where there is neither. */
  text(column: number): BinaryText | undefined
  /** Bytes of text or a BLOB; 0 of anything else. */
  size(column: number): number
  /** A copy of bytes or text; none of anything else. */
  copy(column: number): Buffer
  /** Where the column begins in the file; -1 where that is not in one piece. */
  place(column: number): number
}

/** Integers by their types, in bytes. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8]
const REAL = 7
const ZERO = 8
const ONE = 9
/** The first type of what has a length: BLOBs are even, texts odd. */
const LENGTHS = 12

/** @param columns how many the table has; a row that was written before the last were added has none of those */
export function recordColumns(columns: number): RecordColumns {
  const types = new Uint32Array(columns)
  const starts = new Uint32Array(columns)
  let bytes: Buffer = Buffer.alloc(0)
  let from = -1

  const size = (column: number): number => {
    const type = types[column] ?? 0
    return type < LENGTHS ? 0 : (type - LENGTHS) >>> 1
  }
  const text = (column: number): BinaryText | undefined => {
    if ((types[column] ?? 0) < LENGTHS) return undefined
    const start = starts[column] ?? 0
    return bytes.toString('latin1', start, start + size(column))
  }
  return {
    take: (record) => {
      bytes = record.bytes
      from = record.from
      let at = afterVarint(bytes, record.at)
      const values = record.at + varintAt(bytes, record.at)
      let start = values
      for (let column = 0; column < columns; column += 1) {
        const type = at < values ? varintAt(bytes, at) : 0
        if (at < values) at = afterVarint(bytes, at)
        const length = lengthOf(type)
        if (start + length > record.end) return false
        types[column] = type
        starts[column] = start
        start += length
      }
      return true
    },
    isNull: (column) => types[column] === 0,
    number: (column) => {
      const type = types[column] ?? 0
      if (type === ZERO) return 0
      if (type === ONE) return 1
      if (type === REAL) return bytes.readDoubleBE(starts[column])
      return type === 0 || type > REAL ? Number.NaN : integerAt(bytes, starts[column] ?? 0, lengthOf(type))
    },
    is: (column, wanted) => size(column) === wanted.length && text(column) === wanted,
    text,
    size,
    copy: (column) => {
      const start = starts[column] ?? 0
      return Buffer.from(bytes.subarray(start, start + size(column)))
    },
    place: (column) => (from === -1 ? -1 : from + (starts[column] ?? 0)),
  }
}

function lengthOf(type: number): number {
  if (type >= LENGTHS) return Math.floor((type - LENGTHS) / 2)
  return type === REAL ? 8 : (INTEGER_BYTES[type] ?? 0)
}

/** Big-endian, in two's complement; past 2^53 not exact. */
function integerAt(bytes: Buffer, start: number, length: number): number {
  if (length === 8) return Number(bytes.readBigInt64BE(start))
  return bytes.readIntBE(start, length)
}
