import { existsSync, rmSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ResealError, errorMessage } from '../core/errors.ts'
import { isSqliteError } from './sqlite-failure.ts'

/** The right to write to a snapshot, held by one recorder at a time. */
export interface RecorderLock {
  /** Gives the right back and removes the lock's file. */
  release(): void
}

/** What a reader saw of the recorders of a snapshot; it must be let go. */
export interface RecorderCheck {
  readonly live: boolean
  /** Until then no recorder begins, where there was none. */
  release(): void
}

/** Readers look at the lock for an instant, and a recorder that begins just then sits it out. */
const READERS_MS = 250

/**
 * Becomes the one recorder of a snapshot. The lock is an operating system lock on `<file>-lock`, an empty SQLite file:
 * it ends with the process that holds it, SIGKILL included, and SQLite keeps it right between threads as well.
 * @throws ResealError SNAPSHOT_BUSY when another recorder has it
 * @throws ResealError SNAPSHOT_WRITE when the directory cannot be written
 */
export function lockForRecorder(file: string): RecorderLock {
  const lockFile = lockFileOf(file)
  for (;;) {
    const before = inodeOf(lockFile)
    const db = lockExclusively(file)
    // The recorder before removes its lock file: one that was opened just then is a lock nobody else sees.
    if (before !== undefined && before === inodeOf(lockFile))
      return { release: () => releaseLock(db, lockFile) }
    db.close()
  }
}

/** Whether a recorder is at work on a snapshot, in this process or another. */
export function checkRecorder(file: string): RecorderCheck {
  const nobody = { live: false, release: () => undefined }
  if (!mayHaveRecorder(file)) return nobody
  let db: Database.Database | undefined
  try {
    db = new Database(resolve(lockFileOf(file)), { readonly: true, fileMustExist: true, timeout: 0 })
    db.exec('BEGIN')
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return { live: false, release: closing(db) }
  } catch (error) {
    db?.close()
    // A lock file that is gone by now, or is not ours to read, tells of no recorder.
    return isSqliteError(error, 'SQLITE_BUSY') ? { live: true, release: () => undefined } : nobody
  }
}

/** Whether there is a lock file: with a recorder at work always, and after one that was killed. One `stat`. */
export function mayHaveRecorder(file: string): boolean {
  return existsSync(lockFileOf(file))
}

function lockFileOf(file: string): string {
  return `${file}-lock`
}

function lockExclusively(file: string): Database.Database {
  let db: Database.Database | undefined
  try {
    db = new Database(resolve(lockFileOf(file)), { timeout: READERS_MS })
    // Nothing is ever written, so the journal file SQLite would make is only litter.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    if (isSqliteError(error, 'SQLITE_BUSY')) {
      throw new ResealError('SNAPSHOT_BUSY', `${basename(file)} is being recorded by another reseal`, {
        hint: 'Stop that recorder first, or record to another name.',
        cause: error,
      })
    }
    throw new ResealError('SNAPSHOT_WRITE', `${file} cannot be written: ${errorMessage(error)}`, {
      hint: 'Choose a directory you may write to with --snapshots.',
      cause: error,
    })
  }
}

function releaseLock(db: Database.Database, lockFile: string): void {
  rmSync(lockFile, { force: true })
  db.close()
}

function closing(db: Database.Database): () => void {
  return () => {
    db.close()
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
