import Database from 'better-sqlite3'
import { ResealError, errorMessage, type ErrorCode } from '../core/errors.ts'

/** Whether a thrown value is SQLite's, with this result code or an extended one of it (`SQLITE_IOERR_WRITE`). */
export function isSqliteError(error: unknown, code = 'SQLITE'): boolean {
  return error instanceof Database.SqliteError && (error.code === code || error.code.startsWith(`${code}_`))
}

/**
 * Runs work on a snapshot for a reader, and tells a failure of SQLite as one of the snapshot.
 * @throws ResealError SNAPSHOT_BUSY when another program holds the file, SNAPSHOT_INVALID for every other failure
 */
export function readingOf<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw isSqliteError(error) ? readFailure(file, error) : error
  }
}

function readFailure(file: string, error: unknown): ResealError {
  if (isSqliteError(error, 'SQLITE_BUSY')) {
    return failure(
      'SNAPSHOT_BUSY',
      `${file} is held by another program`,
      'Close that program, or wait for it.',
      error,
    )
  }
  if (isSqliteError(error, 'SQLITE_CANTOPEN') || isSqliteError(error, 'SQLITE_READONLY')) {
    const what = `${file} cannot be opened: ${errorMessage(error)}`
    return failure('SNAPSHOT_INVALID', what, 'Check who may read the file and its directory.', error)
  }
  const what = `${file} is damaged: ${errorMessage(error)}`
  return failure(
    'SNAPSHOT_INVALID',
    what,
    'Copy it again from where it was recorded, or record it anew.',
    error,
  )
}

function failure(code: ErrorCode, message: string, hint: string, cause: unknown): ResealError {
  return new ResealError(code, message, { hint, cause })
}
