import type Database from 'better-sqlite3'
import { bytesOfText } from '../core/binary-text.ts'
import type { PairId, PairTrait } from '../core/pair.ts'

/** Rows of some pairs after one that was read. */
export interface RowPage<T> {
  readonly rows: readonly T[]
  /** The page reaches to this id, whether or not there is such a pair. */
  readonly last: PairId
}

/** @returns undefined after the last pair. @param traits pairs that have none of them are left out */
export type RowPageReader<T> = (
  after: PairId,
  traits: readonly PairTrait[] | undefined,
) => RowPage<T> | undefined

/** How many ids a page is for: a few milliseconds, whether all its pairs are wanted or none. */
const PAGE_IDS = 512

/**
 * Reads the rows of pairs page by page.
 * @param prepare makes a statement of SQL that selects from `pair`, to which a condition is added
 */
export function rowPageReader<T>(
  db: Database.Database,
  prepare: (condition: string) => Database.Statement<unknown[], T>,
): RowPageReader<T> {
  const nextId = db.prepare<[PairId], PairId | null>('SELECT min(id) FROM pair WHERE id > ?').pluck()
  let prepared: Statement<T> | undefined
  return (after, traits) => {
    const first = nextId.get(after) ?? undefined
    if (first === undefined) return undefined
    if (prepared === undefined || prepared.traits !== traits) prepared = prepareFor(prepare, traits)
    const last = first + PAGE_IDS - 1
    return { rows: prepared.select.all(first, last, ...prepared.values), last }
  }
}

interface Statement<T> {
  readonly traits: readonly PairTrait[] | undefined
  readonly select: Database.Statement<unknown[], T>
  readonly values: readonly (string | Buffer)[]
}

/** Pairs are left out by SQLite itself: to read a row and make an object of it costs a hundred times as much. */
function prepareFor<T>(
  prepare: (condition: string) => Database.Statement<unknown[], T>,
  traits: readonly PairTrait[] | undefined,
): Statement<T> {
  const conditions = traits?.map(conditionOf) ?? []
  const wanted = traits === undefined ? '' : `AND (${conditions.map(({ sql }) => sql).join(' OR ') || '0'})`
  return {
    traits,
    select: prepare(`WHERE pair.id BETWEEN ? AND ? ${wanted} ORDER BY pair.id`),
    values: conditions.flatMap(({ values }) => values),
  }
}

function conditionOf({ methods, target, answer, texts = [], content, globs }: PairTrait): {
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
  if (globs !== undefined) {
    tests.push(mayFit(globs.length))
    values.push(...globs, ...globs)
  }
  return { sql: `(${tests.join(' AND ')})`, values }
}

/**
 * Whether the target or the content may fit one of so many globs, which are given twice. Escapes of targets, forms and
 * JSON and content codings may hide anything; globs end at NUL, and the first MiB of a longer body says nothing of it.
 */
function mayFit(globs: number): string {
  const fits = (text: string): string => Array.from({ length: globs }, () => `${text} GLOB ?`).join(' OR ')
  const content = 'CAST(bytes AS TEXT)'
  const hides = `${content} GLOB '*%*' OR ${content} GLOB '*\\u*' OR instr(bytes, x'00') > 0`
  return `(${fits('CAST(pair.target AS TEXT)')} OR instr(pair.target, x'25') > 0
    OR request_body_id IS NOT NULL AND (
      instr(lower(CAST(request_headers AS TEXT)), 'content-encoding:') > 0
      OR NOT EXISTS (SELECT 1 FROM body WHERE body.id = request_body_id AND size = length(bytes)
        AND NOT (${fits(content)} OR ${hides}))))`
}
