import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { textOfUtf8 } from '../../src/core/binary-text.ts'
import { scanJson } from '../../src/core/json.ts'
import { canonicalJson } from '../../src/match/canonical-json.ts'

const SPACE = fc.constantFrom('', '', ' ', '\n\t')
const PIECES = [
  'a',
  'é',
  '\\n',
  '\\u0061',
  '\\u00e9',
  '\\/',
  '/',
  '\\"',
  '\\\\',
  '😀',
  '\\ud83d\\ude00',
  '\\uD83D',
]
const STRING = fc
  .array(fc.constantFrom(...PIECES, '\\ud83d', '\\ude00', '\\u0000', '\\x', '\n'), { maxLength: 3 })
  .map((pieces) => `"${pieces.join('')}"`)
const NAMES = ['a', 'b', 'a b', 'a\\u0062', 'ab', '', '\\ufffd', '😀', 'a name of more than thirteen']
const JSON_TEXT = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('1', '1.0', '-0', '1e5', '1E5', '01', '1.', '-', '.5', 'true', 'null', 'nul'),
    STRING,
    fc
      .array(fc.tuple(SPACE, tie('value'), SPACE), { maxLength: 3 })
      .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
    fc
      .uniqueArray(fc.tuple(SPACE, fc.constantFrom(...NAMES), SPACE, tie('value'), SPACE), {
        maxLength: 3,
        selector: ([, name]) => JSON.parse(`"${name}"`) as string,
      })
      .map((members) => members.map(([a, name, b, value, c]) => `${a}"${name}"${b}:${value}${c}`))
      .map((members) => `{${members.join(',')}}`),
  ),
})).value

/** What a text says, by V8's own parser, numbers as they are written; undefined for no JSON. */
function said(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' ? { number: context?.source } : value,
    )
  } catch {
    return undefined
  }
}

test('two JSON texts have one canonical text exactly when they say the same', () => {
  fc.assert(
    fc.property(JSON_TEXT, JSON_TEXT, fc.nat({ max: 20 }), fc.boolean(), (one, other, at, isCut) => {
      const second = isCut ? one.slice(0, at) + one.slice(at + 1) : other
      const [first, cut] = [one, second].map((text) => canonicalJson(textOfUtf8(text), 100))
      assert.equal(first === undefined, said(one) === undefined)
      assert.equal(first === undefined, scanJson(textOfUtf8(one)) === undefined)
      if (first !== undefined) assert.equal(first === cut, isDeepStrictEqual(said(one), said(second)))
    }),
    { numRuns: 10_000 },
  )
})

test('a canonical text says what the text said, and is its own canonical text', () => {
  fc.assert(
    fc.property(JSON_TEXT, (text) => {
      const canonical = canonicalJson(textOfUtf8(text), 100)
      if (canonical === undefined) return
      assert.deepEqual(said(Buffer.from(canonical, 'latin1').toString()), said(text))
      assert.equal(canonicalJson(canonical, 100), canonical)
    }),
    { numRuns: 5000 },
  )
})

test('repeated names stay in their order, and sort as one', () => {
  assert.equal(canonicalJson('{"b":1,"a":2,"b":0,"a":3}', 100), '{"a":2,"a":3,"b":1,"b":0}')
  assert.notEqual(canonicalJson('{"b":1,"b":0}', 100), canonicalJson('{"b":0,"b":1}', 100))
})

test('bytes that are no UTF-8 stay what they are beside an escape, in values and names', () => {
  assert.equal(canonicalJson('{"\\u0061\xff":"\\/\xfe"}', 100), '{"a\xff":"/\xfe"}')
})

test('what is nested deeper than it may be has no canonical text', () => {
  assert.equal(canonicalJson('[[[]]]', 2), '[[[]]]')
  assert.equal(canonicalJson('[[[1]]]', 2), undefined)
  assert.equal(canonicalJson('{"a":{"a":{"a":1}}}', 2), undefined)
})
