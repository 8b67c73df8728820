import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { textOfUtf8 } from '../../src/core/binary-text.ts'
import { scanJson, utf8Json } from '../../src/core/json.ts'
import { readJsonPathQuery, type JsonPathEngine } from '../../src/transform/json-path/json-path.ts'

/** A case of the JSONPath compliance test suite. */
interface ComplianceCase {
  readonly name: string
  readonly selector: string
  readonly document?: unknown
  readonly result?: readonly unknown[]
  readonly results?: readonly (readonly unknown[])[]
  readonly invalid_selector?: boolean
}

const FILE = resolve(import.meta.dirname, '../vectors/jsonpath/cts.json')
const { tests } = JSON.parse(readFileSync(FILE, 'utf8')) as { tests: readonly ComplianceCase[] }
const valid = tests.filter((given) => given.invalid_selector !== true)
const invalid = tests.filter((given) => given.invalid_selector === true)

/** Not paths of RFC 9535, and served with the meaning that people give them. */
const EXTENSIONS: readonly string[] = ['$.1']

test('the suite is whole', () => {
  assert.deepEqual([valid.length, invalid.length], [456, 247])
})

test('every valid path of RFC 9535 selects what the compliance suite says', () => {
  const engines = new Map<JsonPathEngine, number>()
  const wrong = valid.filter(({ selector, document, result, results }) => {
    const { query } = readJsonPathQuery(selector)
    if (query === undefined) return true
    engines.set(query.engine, (engines.get(query.engine) ?? 0) + 1)
    const text = textOfUtf8(JSON.stringify(document))
    const root = scanJson(text)
    assert.ok(root !== undefined)
    const found = query.select(root, text)?.map(({ node }) => utf8Json(text.slice(node.start, node.end)))
    const allowed = results ?? [result]
    return !allowed.some((wanted) => isSame(wanted, found))
  })
  assert.deepEqual(
    wrong.map(({ name }) => name),
    [],
  )
  assert.deepEqual([...engines.keys()].toSorted(), ['json-p3', 'spans'])
})

test('of the invalid paths only those with a meaning of their own are served', () => {
  const served = invalid.filter(({ selector }) => readJsonPathQuery(selector).query !== undefined)
  assert.deepEqual(
    served.map(({ selector }) => selector),
    EXTENSIONS,
  )
})

function isSame(wanted: unknown, found: unknown): boolean {
  try {
    assert.deepEqual(found, wanted)
    return true
  } catch {
    // Another of the allowed results may be the one.
    return false
  }
}
