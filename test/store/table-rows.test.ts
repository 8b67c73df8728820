import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { recordColumns } from '../../src/store/record-columns.ts'
import { isLogged, pagedFile, tableRows, type PagedFile, type TableRows } from '../../src/store/table-rows.ts'
import { snapshotDirectory } from './snapshot-directory.ts'

/** A table with rows of every length about which pages differ, some of them deleted. */
function tableOf(context: TestContext, pageBytes: number, rows = 600): string {
  const file = join(snapshotDirectory(context), 'rows.db')
  const db = new DatabaseSync(file)
  db.exec(
    `PRAGMA page_size = ${pageBytes}; CREATE TABLE t (id INTEGER PRIMARY KEY, n, bytes BLOB, word TEXT)`,
  )
  const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?, ?)')
  db.exec('BEGIN')
  for (let id = 1; id <= rows; id += 1) {
    const length = id % 50 === 0 ? id * 300 : (id * 37) % (pageBytes * 2)
    insert.run(id * 3, NUMBERS[id % NUMBERS.length] ?? null, Buffer.alloc(length, id), 'x'.repeat(id % 9))
  }
  db.exec('DELETE FROM t WHERE id % 5 = 0; ALTER TABLE t ADD COLUMN later TEXT; COMMIT')
  db.close()
  return file
}

const NUMBERS = [null, 0, 1, -1, 127, -129, 70_000, -9_000_000, 2 ** 40, -(2 ** 50), 0.25, -1e300]

function opened(context: TestContext, path: string): { file: PagedFile; rows: TableRows } {
  const descriptor = openSync(path, 'r')
  context.after(() => closeSync(descriptor))
  const file = pagedFile(descriptor)
  assert.ok(file)
  const db = new DatabaseSync(path)
  const root = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 't'").get()?.['rootpage'])
  db.close()
  return { file, rows: tableRows(file, root) }
}

suite('rows read from the pages of a table', () => {
  for (const pageBytes of [512, 4096, 65_536]) {
    test(`are those that SQLite reads, with pages of ${pageBytes} bytes`, (context) => {
      const path = tableOf(context, pageBytes)
      const { file, rows } = opened(context, path)
      assert.equal(isLogged(file), false)
      const columns = recordColumns(5)
      const db = new DatabaseSync(path)
      context.after(() => db.close())
      const select = db.prepare('SELECT * FROM t WHERE id = ?')
      for (let id = 1; id < 1900; id += 1) {
        const wanted = select.get(id)
        const record = rows.find(id)
        assert.equal(record === undefined, wanted === undefined, `row ${id}`)
        if (record === undefined || wanted === undefined) continue
        assert.ok(columns.take(record))
        const { n, bytes, word } = wanted
        assert.equal(columns.isNull(1), n === null)
        assert.equal(columns.number(1), n ?? Number.NaN)
        assert.ok(bytes instanceof Uint8Array && columns.copy(2).equals(bytes))
        assert.equal(columns.size(2), bytes.length)
        assert.equal(columns.text(3), word)
        assert.ok(columns.is(3, String(word)) && !columns.is(3, `${String(word)}x`))
        assert.ok(columns.isNull(4))
      }
    })
  }

  test('are not found, or are something, and never an error or an endless search, where pages were damaged', (context) => {
    const path = tableOf(context, 512, 200)
    const whole = readFileSync(path)
    const columns = recordColumns(5)
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const { rows } = opened(context, path)
    for (let round = 0; round < 300; round += 1) {
      const damaged = Buffer.from(whole)
      // Page 1 says what the tables are, and is SQLite's.
      for (let at = 0; at < 40; at += 1) damaged[512 + random(damaged.length - 512)] = random(256)
      writeFileSync(path, damaged.subarray(0, damaged.length - random(2) * 700))
      rows.forget()
      for (let id = 3; id <= 600; id += 60) {
        const record = rows.find(id)
        if (record === undefined || !columns.take(record)) continue
        for (let column = 0; column < 5; column += 1) {
          columns.number(column)
          assert.ok(columns.copy(column).length <= columns.size(column))
        }
      }
    }
  })

  test('are those of before until it is said that pages changed, and then the new ones', (context) => {
    const path = tableOf(context, 512, 50)
    const { rows } = opened(context, path)
    assert.ok(rows.find(3))
    const db = new DatabaseSync(path)
    db.exec('DELETE FROM t')
    db.close()
    rows.forget()
    assert.equal(rows.find(3), undefined)
  })

  test('are not to be read where a write-ahead log may hold newer ones', (context) => {
    const path = tableOf(context, 512, 50)
    const { file } = opened(context, path)
    const db = new DatabaseSync(path)
    db.exec('PRAGMA journal_mode = WAL')
    db.close()
    assert.equal(isLogged(file), true)
  })
})
