import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ResealError } from '../core/errors.ts'
import { applicationIdOf, assertPlainTables } from './schema.ts'
import { MIGRATIONS, formatOf, migrate } from './migrations.ts'
import { checkRecorder, mayHaveRecorder } from './recorder-lock.ts'
import { assertSnapshot, findSnapshot, readSnapshotHeader } from './snapshot-file.ts'
import { readingOf } from './sqlite-failure.ts'
import { pagedFile, type PagedFile } from './table-rows.ts'

/** What is done on a connection. */
export interface Prepared {
  /** Called at the beginning of each moment of {@link SnapshotConnection.useOften}, in its transaction. */
  begin(): void
}

/** A way to a snapshot's tables that never changes a byte of its file, nor leaves one beside it. */
export interface SnapshotConnection<Q extends Prepared> {
  /** The real path of the file. */
  readonly file: string
  /** Runs queries; nothing of them may be used after the call. @throws ResealError SNAPSHOT_INVALID, SNAPSHOT_BUSY */
  use<T>(work: (queries: Q) => T): T
  /**
   * The same for what is asked thousands of times a second: for some milliseconds all calls see the snapshot at one
   * moment, and the look at the recorders, the locks and the look for changes are for all of them together.
   */
  useOften<T>(work: (queries: Q) => T): T
  close(): void
}

interface Held<Q extends Prepared> {
  readonly queries: Q
  /** All that is read until `end` is read at one moment. */
  begin(): void
  end(): void
  close(): void
}

/**
 * Makes what is done on a connection.
 * @param pages the file itself, to be read between `begin` and the next turn of a connection that lasts; undefined for
 * one that lasts one call
 */
export type Prepare<Q extends Prepared> = (db: Database.Database, pages: PagedFile | undefined) => Q

const PATIENCE_MS = 1000
/** A recorder that begins waits so long for a reader, and a pair that was appended is seen so late. */
const ONE_MOMENT_MS = 10
/** A recorder is looked for so often by whoever waits for its end. */
const RECORDER_MS = 1000
/** Nor does one that reads on and on without letting timers in keep a recorder out. */
const ONE_MOMENT_CALLS = 1000

/**
 * Connects to a snapshot for reading.
 *
 * One that was closed is read in place. One that is being recorded is read in place as well, by a connection that
 * lasts one call: a reader that stays would keep the recorder from folding its write-ahead log into the file. One
 * whose recorder died, or of an older format, is read from a private copy, since to recover or migrate it is to write.
 *
 * @param prepare makes the queries of a connection
 * @param migrations tests pass a longer list than {@link MIGRATIONS}
 * @throws ResealError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_BUSY
 */
export function connectSnapshot<Q extends Prepared>(
  path: string,
  prepare: Prepare<Q>,
  migrations: readonly string[] = MIGRATIONS,
): SnapshotConnection<Q> {
  const file = findSnapshot(path)
  const open = (lasts: boolean): Held<Q> => openInPlace(file, prepare, migrations, lasts)
  let held = readingOf(file, () => openPrivately(file, prepare, migrations))
  const isPrivate = held !== undefined
  let closed = false

  let turn: { readonly queries: Q; readonly end: NodeJS.Timeout; left: number } | undefined
  const endTurn = (): void => {
    if (turn === undefined) return
    clearTimeout(turn.end)
    turn = undefined
    held?.end()
  }
  const release = (): void => {
    endTurn()
    held?.close()
    held = undefined
  }
  const use = <T>(work: (queries: Q) => T): T =>
    readingOf(file, () => {
      if (closed) throw new ResealError('UNEXPECTED', `${file} was read after it was closed`)
      if (isPrivate || !mayHaveRecorder(file)) {
        held ??= open(true)
        return work(held.queries)
      }
      release()
      const brief = open(false)
      try {
        return work(brief.queries)
      } finally {
        brief.close()
      }
    })

  const useOften = <T>(work: (queries: Q) => T): T => {
    if (turn?.left === 0) endTurn()
    if (turn !== undefined) {
      turn.left -= 1
      const { queries } = turn
      return readingOf(file, () => work(queries))
    }
    return use((queries) => {
      if (held?.queries === queries) {
        held.begin()
        turn = { queries, end: setTimeout(endTurn, ONE_MOMENT_MS).unref(), left: ONE_MOMENT_CALLS }
      }
      return work(queries)
    })
  }

  try {
    // A snapshot that cannot be read is refused when it is opened, not when it is first used.
    use(() => undefined)
  } catch (error) {
    release()
    throw error
  }
  const close = (): void => {
    closed = true
    release()
  }
  return { file, use, useOften, close }
}

function openInPlace<Q extends Prepared>(
  file: string,
  prepare: Prepare<Q>,
  migrations: readonly string[],
  lasts: boolean,
): Held<Q> {
  const pages = lasts ? openPages(file) : undefined
  try {
    const db = new Database(resolve(file), { readonly: true, fileMustExist: true, timeout: PATIENCE_MS })
    return guarded(file, db, () => {
      distrust(db)
      assertSnapshot(file, applicationIdOf(db), formatOf(db), migrations)
      assertPlainTables(db, file)
      return heldBy(db, prepare(db, pages?.current()), () => pages?.close())
    })
  } catch (error) {
    pages?.close()
    throw error
  }
}

/** The file behind a connection, opened once more and before it. */
function openPages(file: string) {
  const descriptor = openSync(file, 'r')
  const close = (): void => {
    const recorder = checkRecorder(file)
    // Closing it would end the locks that a recorder of this process holds (POSIX, fcntl).
    if (recorder.live) setTimeout(close, RECORDER_MS).unref()
    else closeSync(descriptor)
    recorder.release()
  }
  /** Undefined where another file has taken its name. */
  const current = (): PagedFile | undefined =>
    fstatSync(descriptor).ino === statSync(file).ino ? pagedFile(descriptor) : undefined
  return { current, close }
}

/** A connection to a copy, for a file that cannot be read in place; undefined for one that can. */
function openPrivately<Q extends Prepared>(
  file: string,
  prepare: Prepare<Q>,
  migrations: readonly string[],
): Held<Q> | undefined {
  const recorder = checkRecorder(file)
  try {
    if (recorder.live) return undefined
    const { wal, format } = readSnapshotHeader(file, migrations)
    const unfinished = wal || existsSync(`${file}-wal`) || existsSync(`${file}-journal`)
    return unfinished || format < migrations.length ? openCopy(file, prepare, migrations) : undefined
  } finally {
    recorder.release()
  }
}

function openCopy<Q extends Prepared>(
  file: string,
  prepare: Prepare<Q>,
  migrations: readonly string[],
): Held<Q> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-'))
  const discard = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 1 })
  try {
    const copy = copyInto(directory, file)
    const db = new Database(copy, { fileMustExist: true })
    return guarded(file, db, () => {
      distrust(db)
      assertSnapshot(file, applicationIdOf(db), formatOf(db), migrations)
      assertPlainTables(db, file)
      // Recovers what a killed recorder had committed.
      db.pragma('journal_mode = DELETE')
      migrate(db, migrations)
      db.pragma('query_only = ON')
      const descriptor = openSync(copy, 'r')
      const queries = prepare(db, pagedFile(descriptor))
      // Read on without a name, so that recorded data is not left behind whatever ends the process; Windows keeps the
      // name of an open file.
      if (process.platform !== 'win32') discard()
      return heldBy(db, queries, () => {
        closeSync(descriptor)
        discard()
      })
    })
  } catch (error) {
    discard()
    throw error
  }
}

function heldBy<Q extends Prepared>(db: Database.Database, queries: Q, afterwards: () => void): Held<Q> {
  const begin = db.prepare('BEGIN')
  const end = db.prepare('ROLLBACK')
  // An error of the disk may have ended it already.
  const leave = (): void => void (db.inTransaction && end.run())
  return {
    queries,
    begin: () => {
      begin.run()
      try {
        queries.begin()
      } catch (error) {
        leave()
        throw error
      }
    },
    end: leave,
    close: () => {
      db.close()
      afterwards()
    },
  }
}

function copyInto(directory: string, file: string): string {
  const copy = join(directory, 'snapshot.db')
  for (const suffix of ['', '-wal', '-journal']) {
    if (suffix !== '' && !existsSync(file + suffix)) continue
    copyFileSync(file + suffix, copy + suffix, constants.COPYFILE_FICLONE)
    chmodSync(copy + suffix, 0o600)
  }
  return copy
}

/** A snapshot may come from anywhere, so nothing in it is run or believed (SQLite, "Defense Against The Dark Arts"). */
function distrust(db: Database.Database): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  // SQLite's default, stated: where a mapped file is overwritten in place (`cp`), reading it ends the process by SIGBUS.
  db.pragma('mmap_size = 0')
}

function guarded<T>(file: string, db: Database.Database, work: () => T): T {
  try {
    return readingOf(file, work)
  } catch (error) {
    db.close()
    throw error
  }
}
