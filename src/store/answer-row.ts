import { readSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { RawHeaders } from '../core/headers.ts'
import type { AnsweringPair, BodyPlace, PairId } from '../core/pair.ts'
import { fieldReader } from './field-lines.ts'
import { isWireText } from './pair-fault.ts'
import { recordColumns, type RecordColumns } from './record-columns.ts'
import { isLogged, tableRows, type PagedFile, type TableRows } from './table-rows.ts'

/** Finds the answers of plain pairs on the pages of a snapshot, where nobody writes to it. */
export interface AnswerReader {
  /**
   * To be called before the first answer of a transaction, inside it: takes the lock that keeps writers out, and looks
   * for what they changed.
   */
  begin(): void
  /**
   * Plain is what came whole, in one piece, with nothing before it and fields in ASCII, and is stored in one row: almost
   * every pair. Undefined for every other one, and for one that cannot be used.
   */
  answer(id: PairId): AnsweringPair | undefined
  /** The bytes of a body at a {@link BodyPlace}; undefined where it holds no more. */
  bodyAt(at: number, bytes: number, state: object): Buffer | undefined
}

/** A body whose first row is full may have a second. */
const ROW_BYTES = 1024 * 1024
const WHOLE = {
  outcome: 'complete',
  error: undefined,
  requestTruncated: false,
  responseTruncated: false,
} as const
const NO_FIELDS: RawHeaders = []

/**
 * @param file the same as the connection's; undefined where somebody may write to it, and then no pair is found
 */
export function answerReader(db: Database.Database, file: PagedFile | undefined): AnswerReader {
  if (file === undefined) return { begin: () => undefined, answer: () => undefined, bodyAt: () => undefined }
  const version = db.prepare<[], number>('PRAGMA data_version').pluck()
  const anyInterim = db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM interim)').pluck()
  const hasInterim = db
    .prepare<[PairId], number>('SELECT EXISTS (SELECT 1 FROM interim WHERE pair_id = ?)')
    .pluck()
  const [pairs, bodies] = [storedRows(db, file, 'pair'), storedRows(db, file, 'body')]
  let state = {}
  const answerIn = plainAnswers(pairs, bodies, () => state)
  let seen: number | undefined
  let isReadable = false
  let interims = true
  return {
    begin: () => {
      const now = version.get()
      if (now === seen) return
      seen = now
      state = {}
      pairs.rows.forget()
      bodies.rows.forget()
      isReadable = !isLogged(file)
      interims = anyInterim.get() === 1
    },
    answer: (id) => (!isReadable || (interims && hasInterim.get(id) === 1) ? undefined : answerIn(id)),
    bodyAt: (at, bytes, of) => {
      if (of !== state || !isReadable) return undefined
      const body = Buffer.allocUnsafe(bytes)
      return readSync(file.descriptor, body, 0, bytes, at) === bytes ? body : undefined
    },
  }
}

/** A table's rows, with the columns of the one found last. */
interface StoredRows {
  readonly rows: TableRows
  readonly columns: RecordColumns
  /** Finds a row and takes up its columns. */
  find(id: number): boolean
  /** Where a column is in its table. */
  place(column: string): number
}

function storedRows(db: Database.Database, file: PagedFile, table: 'pair' | 'body'): StoredRows {
  const root = db
    .prepare<[string], number>("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .pluck()
    .get(table)
  const names = db
    .prepare<[string], string>('SELECT name FROM pragma_table_info(?) ORDER BY cid')
    .pluck()
    .all(table)
  const rows = tableRows(file, root ?? 0)
  const columns = recordColumns(names.length)
  return {
    rows,
    columns,
    find: (id) => {
      const record = rows.find(id)
      return record !== undefined && columns.take(record)
    },
    place: (column) => names.indexOf(column),
  }
}

/** The columns of a pair that its answer is made of. */
function answerPlaces({ place }: StoredRows) {
  return {
    method: place('method'),
    outcome: place('outcome'),
    firstByteMs: place('first_byte_ms'),
    tookMs: place('took_ms'),
    isRequestCut: place('request_truncated'),
    isResponseCut: place('response_truncated'),
    chunks: place('response_chunks'),
    status: place('status'),
    reason: place('reason'),
    httpVersion: place('response_http'),
    headers: place('response_headers'),
    trailers: place('response_trailers'),
    body: place('response_body_id'),
  }
}

function plainAnswers(
  pairs: StoredRows,
  bodies: StoredRows,
  state: () => object,
): (id: PairId) => AnsweringPair | undefined {
  const at = answerPlaces(pairs)
  const { columns } = pairs
  const bodyOf = bodyRows(bodies)
  const fieldsIn = fieldReader()
  const isPlain = (): boolean =>
    columns.is(at.outcome, 'complete') &&
    columns.number(at.isRequestCut) === 0 &&
    columns.number(at.isResponseCut) === 0 &&
    columns.isNull(at.chunks)
  return (id) => {
    if (!pairs.find(id) || !isPlain()) return undefined
    const status = columns.number(at.status)
    const tookMs = columns.number(at.tookMs)
    const method = columns.text(at.method)
    const httpVersion = columns.text(at.httpVersion)
    const reason = columns.text(at.reason)
    const headers = fieldsIn(columns.text(at.headers))
    const trailers = columns.size(at.trailers) === 0 ? NO_FIELDS : fieldsIn(columns.text(at.trailers))
    if (headers === undefined || trailers === undefined || !(status >= 200 && status <= 999)) return undefined
    if (method === undefined || httpVersion === undefined || Number.isNaN(tookMs)) return undefined
    if (reason === undefined || (reason !== 'OK' && !isWireText(reason))) return undefined
    const firstByteMs = columns.isNull(at.firstByteMs) ? undefined : columns.number(at.firstByteMs)
    const isEmpty = columns.isNull(at.body)
    const body = isEmpty ? NO_BYTES : bodyOf.bytes(columns.number(at.body))
    if (body === undefined) return undefined
    const bodyPlace = isEmpty ? undefined : bodyOf.place(state())
    const response = { status, reason, httpVersion, headers, body, trailers }
    return { ...WHOLE, firstByteMs, tookMs, request: { method }, response, bodyPlace }
  }
}

const NO_BYTES = new Uint8Array()

/** Bodies of one row. */
function bodyRows(bodies: StoredRows) {
  const { columns } = bodies
  const [size, bytes] = [bodies.place('size'), bodies.place('bytes')]
  return {
    /** Undefined for longer ones, and where bytes are missing. */
    bytes: (id: number): Buffer | undefined => {
      if (!bodies.find(id)) return undefined
      const length = columns.size(bytes)
      if (length >= ROW_BYTES || length !== columns.number(size)) return undefined
      return columns.copy(bytes)
    },
    /** Where those that were read last lie. */
    place: (state: object): BodyPlace | undefined => {
      const at = columns.place(bytes)
      return at === -1 ? undefined : { at, bytes: columns.size(bytes), state }
    },
  }
}
