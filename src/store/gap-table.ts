import type Database from 'better-sqlite3'
import { ResealError } from '../core/errors.ts'
import type { RecordedGap } from '../core/pair.ts'
import { columnsOf, type Row } from './row-columns.ts'

const COLUMNS = 'id, from_at, to_at, exchanges, reason'

/** Notes times in which nothing could be stored. @throws ResealError SNAPSHOT_WRITE for what a reader would refuse */
export function gapWriter(db: Database.Database): (gap: RecordedGap) => void {
  const add = db.prepare<[number, number, number, string]>(
    'INSERT INTO gap (from_at, to_at, exchanges, reason) VALUES (?, ?, ?, ?)',
  )
  return (gap) => {
    const fault = gapFault(gap)
    if (fault !== undefined) throw new ResealError('SNAPSHOT_WRITE', `a gap cannot be stored: ${fault}`)
    add.run(gap.from, gap.to, gap.exchanges, gap.reason.toWellFormed())
  }
}

/** Every gap, in the order they were noted. @param file named in errors */
export function gapReader(db: Database.Database, file: string): () => readonly RecordedGap[] {
  const all = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM gap ORDER BY id`)
  return () => all.all().map((row) => parseGap(row, file))
}

/** @throws ResealError SNAPSHOT_INVALID for what no recording can hold */
function parseGap(row: Row, file: string): RecordedGap {
  const unusable = (fault: string): ResealError =>
    new ResealError('SNAPSHOT_INVALID', `gap ${String(row['id'])} of ${file} cannot be used: ${fault}`, {
      hint: 'See what else is wrong with: reseal verify',
    })
  const columns = columnsOf(row, unusable)
  const gap = {
    from: columns.number('from_at'),
    to: columns.number('to_at'),
    exchanges: columns.number('exchanges'),
    reason: columns.text('reason'),
  }
  const fault = gapFault(gap)
  if (fault !== undefined) throw unusable(fault)
  return gap
}

/** Milliseconds a Date can hold, on both sides of 1970 (ECMA-262 §21.4.1.1). */
const DATE_RANGE_MS = 8.64e15

function gapFault({ from, to, exchanges }: RecordedGap): string | undefined {
  if (!(Math.abs(from) <= DATE_RANGE_MS && Math.abs(to) <= DATE_RANGE_MS)) {
    return 'its time is outside the range of a date'
  }
  if (from > to) return 'it ends before it begins'
  return Number.isSafeInteger(exchanges) && exchanges > 0 ? undefined : 'it counts no exchanges'
}
