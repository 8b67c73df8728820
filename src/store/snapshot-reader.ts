import type Database from 'better-sqlite3'
import { binaryText } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import type { PairFacts, PairHead, PairId, PairSource, PairTrait, RecordedGap } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { AskedColumns } from '../core/asked-columns.ts'
import { answerReader, type AnswerReader } from './answer-row.ts'
import { readAskedColumns, type WantedColumns } from './asked-run.ts'
import { bodyReader, type BodyReader } from './body-table.ts'
import { gapReader } from './gap-table.ts'
import { requestReader, SELECT_REQUEST, type RequestRow } from './request-row.ts'
import { rowPageReader, type RowPage, type RowPageReader } from './row-page.ts'
import { SELECT_HEAD, SELECT_PAIR, parseAsked, parseHead, parsePair, type PairParts } from './pair-row.ts'
import { passageReader } from './passage-table.ts'
import { unusablePair, type Row } from './row-columns.ts'
import { connectSnapshot, type SnapshotConnection } from './snapshot-connection.ts'
import type { PagedFile } from './table-rows.ts'

/** What a snapshot says of itself. */
export interface SnapshotFacts {
  readonly createdAt: EpochMs
  /** The reseal that created it. */
  readonly resealVersion: string
}

export interface SnapshotReader extends PairSource {
  readonly facts: SnapshotFacts
  /** Times in which exchanges passed and could not be stored, in the order they were noted. */
  gaps(): readonly RecordedGap[]
  close(): void
}

export interface ReaderOptions {
  /** Tests pass a longer list than `MIGRATIONS`. */
  readonly migrations?: readonly string[]
}

interface Queries {
  readonly facts: Database.Statement<[], { createdAt: EpochMs; resealVersion: string }>
  readonly count: Database.Statement<[], number>
  readonly heads: Database.Statement<[PairId, number], Row>
  readonly head: Database.Statement<[PairId], Row>
  readonly headPage: RowPageReader<Row>
  readonly requestPage: RowPageReader<RequestRow>
  readonly targets: Database.Statement<[PairId, PairId], { id: PairId; target: Uint8Array }>
  readonly pair: Database.Statement<[PairId], Row>
  readonly answer: AnswerReader['answer']
  readonly begin: AnswerReader['begin']
  readonly bodyAt: AnswerReader['bodyAt']
  readonly asked: (wanted: WantedColumns) => AskedColumns | undefined
  readonly gaps: () => readonly RecordedGap[]
  readonly parts: PairParts
}

const HEADS_AT_ONCE = 256

/**
 * Opens a snapshot for reading: a closed one, one being recorded, one whose recorder was killed, one in a read-only
 * directory, one of an older format. Its file keeps every byte, and nothing is left beside it. Of a closed snapshot
 * and of one being recorded, pairs that are appended meanwhile are seen as well.
 * @throws ResealError SNAPSHOT_MISSING, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_BUSY
 */
export function openSnapshot(file: string, options: ReaderOptions = {}): SnapshotReader {
  const connection = connectSnapshot(file, (db, pages) => queriesOf(db, file, pages), options.migrations)
  try {
    return readerOf(connection, file, readFacts(connection, file))
  } catch (error) {
    connection.close()
    throw error
  }
}

function readerOf(
  connection: SnapshotConnection<Queries>,
  file: string,
  facts: SnapshotFacts,
): SnapshotReader {
  // Each body by itself: those of a whole listing might not fit into memory.
  const bodies: BodyReader = {
    get: (id) => (id === null ? new Uint8Array() : connection.use(({ parts }) => parts.bodies.get(id))),
  }
  return {
    facts,
    get count() {
      return connection.use(({ count }) => count.get() ?? 0)
    },
    heads: (after) => rowsOf(connection, (row) => parseHead(row, file), after),
    headPages: (traits) => headPagesOf(connection, traits, file),
    targets: (after, upTo) =>
      connection
        .use(({ targets }) => targets.all(after, upTo))
        .map(({ id, target }) => ({ id, target: binaryText(target) })),
    askedPages: () =>
      pagesOf(
        connection,
        ({ headPage }, after) => headPage(after, undefined),
        (row) => parseAsked(row, file, bodies),
      ),
    requestPages: (traits) =>
      pagesOf(
        connection,
        ({ requestPage }, after) => requestPage(after, traits),
        requestReader(bodies, (id) => {
          const row = connection.use(({ head }) => head.get(id))
          if (row === undefined) throw unusablePair(id, file, 'it is there no more')
          return parseAsked(row, file, bodies)
        }),
      ),
    askedColumns: (version, redaction) =>
      connection.use(({ asked, count }) => asked({ version, redaction, pairs: count.get() ?? 0 })),
    answer: (id) =>
      connection.useOften(({ answer, pair, parts }) => {
        const plain = answer(id)
        if (plain !== undefined) return plain
        const row = pair.get(id)
        return row && parsePair(row, file, parts)
      }),
    bodyAt: (at, bytes, state) => connection.useOften((queries) => queries.bodyAt(at, bytes, state)),
    pair: (id) =>
      connection.useOften(({ pair, parts }) => {
        const row = pair.get(id)
        return row && parsePair(row, file, parts)
      }),
    gaps: () => connection.use(({ gaps }) => gaps()),
    close: () => connection.close(),
  }
}

/** Some at a time: a statement left open half-way would hold the recorder up and could not be told from a forgotten one. */
function* rowsOf<T extends PairFacts>(
  connection: SnapshotConnection<Queries>,
  parse: (row: Row) => T,
  from: PairId = 0,
): Generator<T> {
  let last = from
  for (;;) {
    const after = last
    const rows = connection.use(({ heads }) => heads.all(after, HEADS_AT_ONCE))
    for (const row of rows) {
      const pair = parse(row)
      last = pair.id
      yield pair
    }
    if (rows.length < HEADS_AT_ONCE) return
  }
}

function* pagesOf<R, T>(
  connection: SnapshotConnection<Queries>,
  read: (queries: Queries, after: PairId) => RowPage<R> | undefined,
  parse: (row: R) => T,
): Generator<Iterable<T>> {
  let after = 0
  for (;;) {
    const from = after
    const page = connection.use((queries) => read(queries, from))
    if (page === undefined) return
    // One by one: the bodies of a whole page might not fit into memory.
    yield page.rows.values().map(parse)
    after = page.last
  }
}

function* headPagesOf(
  connection: SnapshotConnection<Queries>,
  traits: readonly PairTrait[] | undefined,
  file: string,
): Generator<readonly PairHead[]> {
  const pages = pagesOf(
    connection,
    ({ headPage }, after) => headPage(after, traits),
    (row) => parseHead(row, file),
  )
  for (const page of pages) yield [...page]
}

function readFacts(connection: SnapshotConnection<Queries>, file: string): SnapshotFacts {
  const facts = connection.use((queries) => queries.facts.get())
  if (facts !== undefined) return facts
  throw new ResealError('SNAPSHOT_INVALID', `${file} does not say which reseal recorded it, or when`, {
    hint: 'Copy it again from where it was recorded, or record it anew.',
  })
}

function queriesOf(db: Database.Database, file: string, pages: PagedFile | undefined): Queries {
  const bodies = bodyReader(db, file)
  return {
    facts: db.prepare('SELECT created_at AS createdAt, reseal_version AS resealVersion FROM snapshot'),
    count: db.prepare<[], number>('SELECT count(*) FROM pair').pluck(),
    head: db.prepare(`${SELECT_HEAD} WHERE pair.id = ?`),
    headPage: rowPageReader(db, (condition) => db.prepare(`${SELECT_HEAD} ${condition}`)),
    requestPage: rowPageReader(db, (condition) =>
      db.prepare<unknown[], RequestRow>(`${SELECT_REQUEST} ${condition}`).raw(),
    ),
    heads: db.prepare(`${SELECT_HEAD} WHERE pair.id > ? ORDER BY pair.id LIMIT ?`),
    targets: db.prepare('SELECT id, target FROM pair WHERE id > ? AND id <= ? ORDER BY id'),
    pair: db.prepare(`${SELECT_PAIR} WHERE pair.id = ?`),
    ...answerReader(db, pages),
    asked: (wanted) => readAskedColumns(db, wanted),
    gaps: gapReader(db, file),
    parts: { bodies, passages: passageReader(db, file, bodies) },
  }
}
