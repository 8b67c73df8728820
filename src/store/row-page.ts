import type Database from 'better-sqlite3'
import { bytesOfText } from '../core/binary-text.ts'
import type { PairId, PairTrait } from '../core/pair.ts'
import { SELECT_HEAD } from './pair-row.ts'
import type { Row } from './row-columns.ts'

/** Rows of some pairs after one that was read, for `parseHead` and its like. */
export interface RowPage {
  readonly rows: readonly Row[]
  /** The page reaches to this id, whether or not there is such a pair. */
  readonly last: PairId
}

/** @returns undefined after the last pair. @param traits pairs that have none of them are left out */
export type RowPageReader = (after: PairId, traits: readonly PairTrait[] | undefined) => RowPage | undefined

/** How many ids a page is for: a few milliseconds, whether all its pairs are wanted or none. */
const PAGE_IDS = 512

/** Reads the rows of pairs page by page. */
export function rowPageReader(db: Database.Database): RowPageReader {
  const nextId = db.prepare<[PairId], PairId | null>('SELECT min(id) FROM pair WHERE id > ?').pluck()
  let prepared: Statement | undefined
  return (after, traits) => {
    const first = nextId.get(after) ?? undefined
    if (first === undefined) return undefined
    if (prepared === undefined || prepared.traits !== traits) prepared = prepareFor(db, traits)
    const last = first + PAGE_IDS - 1
    return { rows: prepared.select.all(first, last, ...prepared.values), last }
  }
}

interface Statement {
  readonly traits: readonly PairTrait[] | undefined
  readonly select: Database.Statement<unknown[], Row>
  readonly values: readonly (string | Buffer)[]
}

/** Pairs are left out by SQLite itself: to read a row and make an object of it costs a hundred times as much. */
function prepareFor(db: Database.Database, traits: readonly PairTrait[] | undefined): Statement {
  const conditions = traits?.map(conditionOf) ?? []
  const wanted = traits === undefined ? '' : `AND (${conditions.map(({ sql }) => sql).join(' OR ') || '0'})`
  return {
    traits,
    select: db.prepare(`${SELECT_HEAD} WHERE pair.id BETWEEN ? AND ? ${wanted} ORDER BY pair.id`),
    values: conditions.flatMap(({ values }) => values),
  }
}

function conditionOf({ methods, target, answer, texts = [], content }: PairTrait): {
  sql: string
  values: readonly (string | Buffer)[]
} {
  const tests: string[] = ['1']
  const values: (string | Buffer)[] = []
  if (methods !== undefined) {
    tests.push(`upper(CAST(method AS TEXT)) IN (${methods.map(() => '?').join(', ')})`)
    values.push(...methods)
  }
  if (target !== undefined) {
    tests.push('instr(pair.target, ?) > 0')
    values.push(Buffer.from(bytesOfText(target)))
  }
  if (answer !== undefined) {
    const found = answer.map(() => 'instr(bytes, ?) > 0').join(' OR ')
    const isOpen = `size = length(bytes) AND NOT (${found})`
    tests.push(`(instr(lower(CAST(response_headers AS TEXT)), 'content-encoding:') > 0 OR NOT EXISTS (
      SELECT 1 FROM body WHERE body.id = response_body_id AND ${isOpen}))`)
    values.push(...answer.map((text) => Buffer.from(bytesOfText(text))))
  }
  for (const text of texts) {
    tests.push("(instr(pair.target, ?) > 0 OR instr(pair.target, x'25') > 0)")
    values.push(Buffer.from(bytesOfText(text)))
  }
  if (content === true) tests.push('request_body_id IS NOT NULL')
  return { sql: `(${tests.join(' AND ')})`, values }
}
