import type Database from 'better-sqlite3'
import type { AskedFacts } from '../core/asked-columns.ts'
import type { AskedPair, PairId } from '../core/pair.ts'
import type { PairIndexer } from './asked-log.ts'
import { storedEntries, type AskedEntry } from './asked-run.ts'
import { bodyReader } from './body-table.ts'
import { parseAsked, SELECT_HEAD } from './pair-row.ts'
import type { Row } from './row-columns.ts'

/** More entries that are wrong in one way are counted and not named. */
const MOST_NAMED = 20

/**
 * What is wrong with the index of a snapshot, a sentence each. One without an index, or with one of another version, is
 * read whole by each replay and has none.
 */
export function askedProblems(db: Database.Database, file: string, indexer: PairIndexer): readonly string[] {
  const entries = storedEntries(db, indexer.version)
  if (entries === undefined) return ['the index of what pairs asked is not whole']
  if (entries.size === 0) return []
  const missing: string[] = []
  const wrong: string[] = []
  const backends = backendsOf(db)
  for (const pair of readablePairs(db, file)) {
    const entry = entries.get(pair.id)
    entries.delete(pair.id)
    if (entry === undefined) missing.push(`pair ${pair.id} is not in the index of what pairs asked`)
    else if (!('request' in pair)) continue
    else {
      const isOfBackend = backends.get(entry.routeId) === pair.route.target
      const parts = wrongParts(entry, indexer.of(pair), isOfBackend)
      if (parts.length > 0) wrong.push(`pair ${pair.id} is indexed with another ${parts.join(', ')}`)
    }
  }
  const strange = [...entries.keys()].map((id) => `pair ${id} is in the index of what pairs asked alone`)
  return [missing, wrong, strange].flatMap(named)
}

function backendsOf(db: Database.Database): ReadonlyMap<number, string> {
  const routes = db.prepare<[], { id: number; target: string }>('SELECT id, target FROM route').all()
  return new Map(routes.map(({ id, target }) => [id, target]))
}

/** Of one that cannot be read, which is a problem of its own, only its number. */
function* readablePairs(db: Database.Database, file: string): Generator<AskedPair | { readonly id: PairId }> {
  const bodies = bodyReader(db, file)
  for (const row of db.prepare<[], Row>(`${SELECT_HEAD} ORDER BY pair.id`).iterate()) {
    try {
      yield parseAsked(row, file, bodies)
    } catch {
      yield { id: Number(row['id']) }
    }
  }
}

function wrongParts(entry: AskedEntry, facts: AskedFacts, isOfRoute: boolean): readonly string[] {
  const parts: readonly (readonly [boolean, string])[] = [
    [Buffer.compare(entry.key, facts.key) !== 0, 'question'],
    [!isOfRoute, 'backend'],
    [entry.subject !== facts.subject, 'user'],
    [entry.flags !== facts.flags, 'outcome'],
  ]
  return parts.filter(([isWrong]) => isWrong).map(([, what]) => what)
}

function named(problems: readonly string[]): readonly string[] {
  const more = problems.length - MOST_NAMED
  const [first] = problems
  if (more <= 0 || first === undefined) return problems
  return [...problems.slice(0, MOST_NAMED), `${more} more like this: ${first}`]
}
