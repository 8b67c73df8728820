import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { ResealError, errorMessage } from '../core/errors.ts'
import type { AskedPair, PairId, RRPair, Route } from '../core/pair.ts'
import { openAskedLog, type AskedLog, type PairIndexer } from './asked-log.ts'
import { bodyReader, bodyWriter, type BodyWriter } from './body-table.ts'
import { gapWriter } from './gap-table.ts'
import { formatOf, migrate } from './migrations.ts'
import { AMEND_PAIR, INSERT_PAIR, SELECT_HEAD, pairRow, parseAsked, requestRow } from './pair-row.ts'
import { passageWriter } from './passage-table.ts'
import { lockForRecorder } from './recorder-lock.ts'
import type { Row } from './row-columns.ts'
import { applicationIdOf, schemaDifferences } from './schema.ts'
import { assertSnapshot, notASnapshot, readSnapshotHeader, realSnapshotPath } from './snapshot-file.ts'
import { isSqliteError, readingOf } from './sqlite-failure.ts'
import type { WriterOrders, WriterTask } from './writer-messages.ts'

/** Writes pairs to a snapshot it holds alone, in the thread it is called in. */
export interface PairWriter {
  /** The first free id. */
  readonly nextId: PairId
  /**
   * Commits tasks in one transaction; one that cannot be stored costs no other.
   * @returns the tasks that were not committed, by their place, and why
   */
  commit(tasks: readonly WriterTask[]): readonly Refusal[]
  /**
   * Folds everything into the one file, and lets it go.
   * @throws ResealError SNAPSHOT_BUSY, SNAPSHOT_WRITE when that failed; every committed pair is kept even then
   */
  finish(): void
}

/** A task that was not committed. */
export interface Refusal {
  readonly index: number
  readonly error: ResealError
}

/** How long another program may hold the file while the writer changes its journal mode. */
const PATIENCE_MS = 5000

/**
 * Creates a snapshot, or continues one.
 * @throws ResealError SNAPSHOT_EXISTS, SNAPSHOT_BUSY, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_WRITE, the file then
 * being as it was
 */
export function openPairWriter(orders: WriterOrders, indexer?: PairIndexer): PairWriter {
  makeDirectory(dirname(orders.path))
  const file = realPath(orders.path)
  const lock = lockForRecorder(file)
  try {
    prepareFile(file, orders)
    const db = openForWriting(file, orders)
    return writerOn(db, file, indexer, () => lock.release())
  } catch (error) {
    lock.release()
    throw isSqliteError(error) ? writeFailure(file, error) : error
  }
}

function writerOn(
  db: Database.Database,
  file: string,
  indexer: PairIndexer | undefined,
  release: () => void,
): PairWriter {
  const asked = openAskedLog(db, indexer, () => storedPairs(db, file))
  const bodies = bodyWriter(db)
  const prepare = taskPreparer(db, bodies, asked)
  const forget = (): void => {
    asked.drop()
    bodies.forget()
  }
  const commit = committer({ db, file, prepare, finish: () => asked.write(), forget })
  const nextId = (db.prepare<[], number | null>('SELECT max(id) FROM pair').pluck().get() ?? 0) + 1
  return {
    nextId,
    commit,
    finish: () => {
      try {
        foldIntoOneFile(db, file, asked)
      } finally {
        db.close()
        release()
      }
    },
  }
}

/** Makes the file where there is none, under another name first: a snapshot never lacks its tables. */
function prepareFile(file: string, orders: WriterOrders): void {
  if (existsSync(file)) {
    if (orders.append) return void readSnapshotHeader(file, orders.migrations)
    throw new ResealError('SNAPSHOT_EXISTS', `${orders.path} exists already`, {
      hint: 'Add to it with --append, or record to another name.',
    })
  }
  const fresh = `${file}-new`
  rmSync(fresh, { force: true })
  const db = new Database(resolve(fresh))
  try {
    chmodSync(fresh, 0o600)
    migrate(db, orders.migrations)
    db.prepare('INSERT INTO snapshot (id, created_at, reseal_version) VALUES (1, ?, ?)').run(
      orders.createdAt,
      orders.version,
    )
  } finally {
    db.close()
  }
  // What an earlier file of this name left when it was removed by hand is no part of the new one.
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
  renameSync(fresh, file)
}

function openForWriting(file: string, orders: WriterOrders): Database.Database {
  const db = new Database(resolve(file), { fileMustExist: true, timeout: PATIENCE_MS })
  try {
    readingOf(file, () => {
      db.pragma('trusted_schema = OFF')
      db.pragma('cell_size_check = ON')
      assertSnapshot(file, applicationIdOf(db), formatOf(db), orders.migrations)
      db.pragma('foreign_keys = ON')
    })
    db.pragma(`synchronous = ${orders.waitsForDisk ? 'FULL' : 'NORMAL'}`)
    migrate(db, orders.migrations)
    const [difference] = schemaDifferences(db, orders.migrations)
    if (difference !== undefined) throw notASnapshot(file, difference)
    db.pragma('journal_mode = WAL')
    db.pragma('journal_size_limit = 16777216')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Judges a task, and gives what writes it. @throws ResealError SNAPSHOT_WRITE for what no snapshot can hold */
type TaskPreparer = (task: WriterTask) => () => void

function taskPreparer(db: Database.Database, bodies: BodyWriter, asked: AskedLog): TaskPreparer {
  const routes = routeWriter(db)
  const insert = pairInserter(db, bodies, routes, asked)
  const amend = pairAmender(db, bodies, routes, asked)
  const note = gapWriter(db)
  return (task) => {
    if (task.kind === 'put') return insert(task.pair)
    if (task.kind === 'amend') return amend(task.pair)
    return () => note(task.gap)
  }
}

type RouteRow = [listen: string, target: string, tags: string]

/** The row of a route, made when there is none. */
function routeWriter(db: Database.Database): (route: Route) => number {
  const findRoute = db
    .prepare<RouteRow, number>('SELECT id FROM route WHERE listen = ? AND target = ? AND tags = ?')
    .pluck()
  const addRoute = db.prepare<RouteRow>('INSERT INTO route (listen, target, tags) VALUES (?, ?, ?)')
  return ({ listen, target, tags = {} }) => {
    const row: RouteRow = [listen, target, JSON.stringify(tags)]
    return findRoute.get(...row) ?? Number(addRoute.run(...row).lastInsertRowid)
  }
}

function pairInserter(
  db: Database.Database,
  bodies: BodyWriter,
  routes: (route: Route) => number,
  asked: AskedLog,
): (pair: RRPair) => () => void {
  const preparePassage = passageWriter(db, bodies)
  const insert = db.prepare<[readonly unknown[]]>(INSERT_PAIR)
  return (pair) => {
    const row = pairRow(pair)
    const writePassage = pair.response && preparePassage(pair.id, pair.response)
    return () => {
      const routeId = routes(pair.route)
      const requestBodyId = bodies.put(pair.request.body)
      const responseBodyId = pair.response === undefined ? null : bodies.put(pair.response.body)
      insert.run([...row, routeId, requestBodyId, responseBodyId])
      writePassage?.()
      asked.note(pair, routeId)
    }
  }
}

function pairAmender(
  db: Database.Database,
  bodies: BodyWriter,
  routes: (route: Route) => number,
  asked: AskedLog,
): (pair: AskedPair) => () => void {
  const amend = db.prepare<[readonly unknown[]]>(AMEND_PAIR)
  return (pair) => {
    const row = requestRow(pair)
    return () => {
      const { changes } = amend.run([...row, bodies.put(pair.request.body), pair.id])
      if (changes > 0) asked.note(pair, routes(pair.route))
    }
  }
}

/** Every pair of a snapshot that is open for writing. */
function* storedPairs(
  db: Database.Database,
  file: string,
): Generator<{ readonly pair: AskedPair; readonly routeId: number }> {
  const bodies = bodyReader(db, file)
  const routes = routeWriter(db)
  const page = db.prepare<[PairId], Row>(`${SELECT_HEAD} WHERE pair.id > ? ORDER BY pair.id LIMIT 256`)
  let last: PairId = 0
  for (let rows = page.all(last); rows.length > 0; rows = page.all(last)) {
    for (const row of rows) {
      const pair = parseAsked(row, file, bodies)
      last = pair.id
      yield { pair, routeId: routes(pair.route) }
    }
  }
}

interface Commits {
  readonly db: Database.Database
  readonly file: string
  readonly prepare: TaskPreparer
  /** At the end of a transaction. */
  readonly finish: () => void
  /** A transaction was rolled back. */
  readonly forget: () => void
}

function committer({ db, file, prepare, finish, forget }: Commits): PairWriter['commit'] {
  const writeAll = db.transaction((writes: readonly (() => void)[]) => {
    for (const write of writes) write()
    finish()
  })
  const commit: PairWriter['commit'] = (tasks) => {
    const refusals: Refusal[] = []
    const writes: (() => void)[] = []
    const accepted: number[] = []
    const refuse = (index: number, error: unknown): void => {
      const [task] = tasks.slice(index)
      if (task !== undefined) refusals.push({ index, error: taskFailure(file, task, error) })
    }
    // What is refused before anything is written costs no savepoint, of which SQLite keeps every page it changes.
    for (const [index, task] of tasks.entries()) {
      try {
        writes.push(prepare(task))
        accepted.push(index)
      } catch (error) {
        refuse(index, error)
      }
    }
    try {
      writeAll.immediate(writes)
    } catch (error) {
      forget()
      // None of them is stored; alone, those that fit still can be.
      const alone = accepted.length > 1 ? commitAlone(commit, tasks, accepted) : undefined
      if (alone !== undefined) refusals.push(...alone)
      else for (const index of accepted) refuse(index, error)
    }
    return refusals
  }
  return commit
}

function commitAlone(
  commit: PairWriter['commit'],
  tasks: readonly WriterTask[],
  places: readonly number[],
): readonly Refusal[] {
  return places.flatMap((index) =>
    commit(tasks.slice(index, index + 1)).map((refusal) => ({ ...refusal, index })),
  )
}

function taskFailure(file: string, task: WriterTask, error: unknown): ResealError {
  if (error instanceof ResealError) return error
  const what = task.kind === 'note' ? 'a gap' : `pair ${task.pair.id}`
  return new ResealError('SNAPSHOT_WRITE', `${what} cannot be stored in ${file}: ${errorMessage(error)}`, {
    ...(isSqliteError(error, 'SQLITE_FULL') || isSqliteError(error, 'SQLITE_IOERR')
      ? { hint: 'Make room on the disk; recording goes on.' }
      : {}),
    cause: error,
  })
}

function foldIntoOneFile(db: Database.Database, file: string, asked: AskedLog): void {
  try {
    asked.fold()
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.pragma('journal_mode = DELETE')
  } catch (error) {
    if (!isSqliteError(error, 'SQLITE_BUSY')) throw writeFailure(file, error)
    throw new ResealError(
      'SNAPSHOT_BUSY',
      `${file} holds every pair, but another program keeps it from being one file`,
      {
        hint: `Close that program, then append to the snapshot or keep ${file}-wal beside it.`,
        cause: error,
      },
    )
  }
}

function realPath(path: string): string {
  try {
    return realSnapshotPath(path)
  } catch (error) {
    throw writeFailure(path, error)
  }
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw writeFailure(directory, error)
  }
}

function writeFailure(file: string, error: unknown): ResealError {
  return new ResealError('SNAPSHOT_WRITE', `${file} cannot be written: ${errorMessage(error)}`, {
    hint: 'Make room on the disk, or choose a directory you may write to with --snapshots.',
    cause: error,
  })
}
