import { closeSync, lstatSync, openSync, readSync, realpathSync, statSync, type Stats } from 'node:fs'
import { basename, dirname } from 'node:path'
import { ResealError, systemErrorCode } from '../core/errors.ts'
import { nearestWord } from '../core/suggestion.ts'
import { APPLICATION_ID, MIGRATIONS } from './migrations.ts'
import { listSnapshots } from './snapshot-name.ts'

/** What the first bytes of a snapshot's file say. */
export interface SnapshotHeader {
  /** The file counts on a `-wal` beside it. */
  readonly wal: boolean
  readonly format: number
}

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100
const NAMES_IN_HINT = 20

/**
 * Where a snapshot's file really is.
 * @throws ResealError SNAPSHOT_MISSING when there is no such file
 * @throws ResealError SNAPSHOT_INVALID when it is no file
 */
export function findSnapshot(path: string): string {
  const stats = statsOf(path)
  if (stats === undefined) throw missingSnapshot(path)
  if (!stats.isFile()) throw notASnapshot(path, 'it is not a file')
  return realSnapshotPath(path)
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    // A file where a directory should be: there is no snapshot either.
    if (systemErrorCode(error) === 'ENOTDIR') return undefined
    throw unopened(path, error)
  }
}

/**
 * The path with a link to the file followed (Kubernetes mounts are links, `..data`): its `-wal` and `-lock` lie beside
 * the file itself, so that a snapshot of two names has one recorder.
 */
export function realSnapshotPath(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? realpathSync(path) : path
}

/**
 * Reads the header of a snapshot without SQLite, which would leave a `-wal` beside some files (SQLite file format
 * §1.3). Only for a file no recorder is at work on: closing the file would end the locks SQLite holds on it in this
 * process (POSIX, fcntl).
 * @throws ResealError SNAPSHOT_INVALID, SNAPSHOT_NEWER
 */
export function readSnapshotHeader(file: string, migrations: readonly string[] = MIGRATIONS): SnapshotHeader {
  const bytes = firstBytes(file)
  if (bytes.length === 0) throw notASnapshot(file, 'it is empty')
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw notASnapshot(file, 'it is not a SQLite file')
  }
  const format = bytes.readUInt32BE(60)
  assertSnapshot(file, bytes.readUInt32BE(68), format, migrations)
  return { wal: bytes[18] === 2 || bytes[19] === 2, format }
}

/**
 * Refuses a database that is no snapshot, or one of a format yet unknown.
 * @throws ResealError SNAPSHOT_INVALID, SNAPSHOT_NEWER
 */
export function assertSnapshot(
  file: string,
  applicationId: number,
  format: number,
  migrations: readonly string[] = MIGRATIONS,
): void {
  if (applicationId !== APPLICATION_ID) throw notASnapshot(file, 'it is a SQLite file of another program')
  if (format <= migrations.length) return
  throw new ResealError(
    'SNAPSHOT_NEWER',
    `${file} has snapshot format ${format}, and this reseal knows formats up to ${migrations.length}`,
    { hint: 'Update reseal.' },
  )
}

/** The error for a file that cannot be a snapshot. */
export function notASnapshot(file: string, why: string): ResealError {
  return new ResealError('SNAPSHOT_INVALID', `${file} is not a snapshot: ${why}`, {
    hint: 'Choose another snapshot name, or move that file away.',
  })
}

function missingSnapshot(path: string): ResealError {
  const names = listSnapshots(dirname(path))
  const wanted = basename(path).replace(/\.db$/, '')
  const near = nearestWord(wanted, names)
  const guess = near === undefined ? '' : `Did you mean "${near}"? `
  const shown = names.slice(0, NAMES_IN_HINT).join(', ') + (names.length > NAMES_IN_HINT ? ', …' : '')
  const hint =
    names.length === 0
      ? `There are no snapshots in ${dirname(path)}; record one with: reseal record ${wanted} --target URL`
      : `${guess}Snapshots there: ${shown}.`
  return new ResealError('SNAPSHOT_MISSING', `there is no snapshot ${path}`, { hint })
}

function firstBytes(file: string): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (error) {
    throw unopened(file, error)
  }
  try {
    const bytes = Buffer.alloc(HEADER_BYTES)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, HEADER_BYTES, 0))
  } finally {
    closeSync(descriptor)
  }
}

function unopened(file: string, cause: unknown): ResealError {
  return new ResealError(
    'SNAPSHOT_INVALID',
    `${file} cannot be opened: ${systemErrorCode(cause) ?? 'unknown'}`,
    { hint: 'Check who may read the file and its directory.', cause },
  )
}
