import type Database from 'better-sqlite3'
import type { AskedFacts } from '../core/asked-columns.ts'
import type { AskedPair, PairId } from '../core/pair.ts'
import { askedRunWriter, readAskedColumns, type AskedEntry } from './asked-run.ts'

/** Says what an index needs of a pair; the store does not know how questions are told apart. */
export interface PairIndexer {
  /** Changes with any change to what it says. */
  readonly version: number
  of(pair: AskedPair): AskedFacts
}

/** Keeps what pairs asked beside them, in the transaction that stores them. */
export interface AskedLog {
  /** To be called when a pair was stored. */
  note(pair: AskedPair, routeId: number): void
  /** Writes what was noted, at the end of the transaction. */
  write(): void
  /** Forgets what was noted: the transaction did not come to its end. */
  drop(): void
  /** At the end of a recording. */
  fold(): void
}

/** A recorder that indexes nothing; a replay then reads every request at its start. */
const NO_LOG: AskedLog = {
  note: () => undefined,
  write: () => undefined,
  drop: () => undefined,
  fold: () => undefined,
}

/**
 * @param stored every pair there is already with its route, read only when the index lacks some of them
 */
export function openAskedLog(
  db: Database.Database,
  indexer: PairIndexer | undefined,
  stored: () => Iterable<{ readonly pair: AskedPair; readonly routeId: number }>,
): AskedLog {
  if (indexer === undefined) return NO_LOG
  const runs = askedRunWriter(db, indexer.version)
  let noted: AskedEntry[] = []
  const entryOf = (pair: AskedPair, routeId: number): AskedEntry => ({
    id: pair.id,
    routeId,
    ...indexer.of(pair),
  })
  if (!isComplete(db, indexer.version)) {
    db.transaction(() => {
      db.exec('DELETE FROM asked_run')
      for (const { pair, routeId } of stored()) {
        noted.push(entryOf(pair, routeId))
        if (noted.length < ENTRIES_AT_ONCE) continue
        runs.add(noted)
        noted = []
      }
      runs.add(noted)
      noted = []
    }).immediate()
  }
  return {
    note: (pair, routeId) => void noted.push(entryOf(pair, routeId)),
    write: () => {
      runs.add(noted)
      noted = []
    },
    drop: () => void (noted = []),
    fold: () => runs.fold(),
  }
}

const ENTRIES_AT_ONCE = 4096

function isComplete(db: Database.Database, version: number): boolean {
  const pairs = db.prepare<[], PairId>('SELECT count(*) FROM pair').pluck().get() ?? 0
  return readAskedColumns(db, { version, redaction: 0, pairs }) !== undefined
}
