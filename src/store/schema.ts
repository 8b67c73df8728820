import Database from 'better-sqlite3'
import { MIGRATIONS, migrate } from './migrations.ts'
import { notASnapshot } from './snapshot-file.ts'

/** The `application_id` of a database; 0 where none was set. */
export function applicationIdOf(db: Database.Database): number {
  return Number(db.pragma('application_id', { simple: true }))
}

/**
 * What differs between a database's schema and the one the migrations make, a sentence each; empty when equal.
 * @param migrations the list the database went through
 */
export function schemaDifferences(
  db: Database.Database,
  migrations: readonly string[] = MIGRATIONS,
): readonly string[] {
  const wanted = schemaMadeBy(migrations)
  const found = definitions(db)
  const missing = [...wanted.keys()].filter((name) => !found.has(name)).map((name) => `${name} is missing`)
  const changed = [...found].flatMap(([name, sql]) => {
    if (!wanted.has(name)) return [`${name} does not belong there`]
    return wanted.get(name) === sql ? [] : [`${name} is defined otherwise`]
  })
  return [...missing, ...changed]
}

/** What is not stored but worked out: it can be without end, and a trigger acts when a private copy is migrated. */
const COMPUTED = `
  SELECT type || ' ' || name FROM sqlite_schema
  WHERE type IN ('view', 'trigger') OR (type = 'table' AND coalesce(rootpage, 0) = 0)
  UNION ALL
  SELECT 'computed column ' || part.name FROM sqlite_schema AS whole, pragma_table_xinfo(whole.name) AS part
  WHERE whole.type = 'table' AND part.hidden > 1
  LIMIT 1`

/** @throws ResealError SNAPSHOT_INVALID for a file in which anything but plain tables and indexes is */
export function assertPlainTables(db: Database.Database, file: string): void {
  const found = db.prepare<[], string>(COMPUTED).pluck().get()
  if (found !== undefined) throw notASnapshot(file, `it has the ${found}, and a snapshot has tables only`)
}

function schemaMadeBy(migrations: readonly string[]): ReadonlyMap<string, string> {
  const db = new Database(':memory:')
  try {
    migrate(db, migrations)
    return definitions(db)
  } finally {
    db.close()
  }
}

/** SQL by `table pair`, `index pair_route` …; what SQLite makes on its own (`sqlite_…`) is left out. */
function definitions(db: Database.Database): ReadonlyMap<string, string> {
  const rows = db
    .prepare<[], { name: string; sql: string | null }>(
      "SELECT type || ' ' || name AS name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all()
  return new Map(rows.map(({ name, sql }) => [name, sql ?? '']))
}
