import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textOfUtf8 } from '../../src/core/binary-text.ts'
import {
  editMembers,
  MAX_JSON_NODES,
  memberOf,
  scanJson,
  spliceText,
  stringValue,
} from '../../src/core/json.ts'

test('whatever JSON.stringify writes is read back with spans that hold the same values', () => {
  fc.assert(
    fc.property(fc.json(), (source) => {
      const text = textOfUtf8(source)
      const node = scanJson(text)
      assert.ok(node !== undefined)
      assert.equal(text.slice(node.start, node.end).trim(), text.trim())
    }),
  )
})

test('what JSON.parse refuses is refused, and what it takes is taken', () => {
  const texts = [
    '',
    ' ',
    '01',
    '-',
    '1.',
    '.5',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '"\n"',
    '"\\x"',
    '"\\u12"',
    'tru',
    '[1 2]',
    '{"a" 1}',
    '1 2',
    '[',
    '{',
    '"',
    'nul',
    '[]]',
    '{"a":1}',
    ' [ 1 , "b" ] ',
    '-0.5e+10',
    '"\\ud83d"',
    'null',
    '1e5',
    '{"a":{"b":[{}]}}',
  ]
  for (const text of texts) assert.equal(scanJson(text) !== undefined, parses(text), JSON.stringify(text))
})

test('mutated JSON is judged as JSON.parse judges it', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '1', 'e', '\n', ''),
      (source, at, char) => {
        const position = at % (source.length + 1)
        const text = textOfUtf8(source.slice(0, position) + char + source.slice(position + 1))
        assert.equal(scanJson(text) !== undefined, parses(text), text)
      },
    ),
    { numRuns: 2000 },
  )
})

test('depth costs no stack', () => {
  const depth = 100_000
  assert.equal(scanJson('['.repeat(depth) + ']'.repeat(depth))?.kind, 'array')
  assert.equal(scanJson('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))?.kind, 'object')
})

test('a text of more values than memory is for is not read', () => {
  const many = (count: number): string => `[${'[],'.repeat(count)}1]`
  assert.equal(scanJson(many(1000))?.kind, 'array')
  assert.equal(scanJson(many(MAX_JSON_NODES)), undefined)
  assert.equal(scanJson('[[[1]]]', 2), undefined)
  assert.equal(scanJson('[[1]]', 2)?.kind, 'array')
})

test('a string of many megabytes is read', () => {
  const text = JSON.stringify({ a: 'x\\"'.repeat(2_000_000) })
  const node = scanJson(text)
  assert.equal(stringValue(text, memberOf(node, 'a'))?.length, 6_000_000)
})

test('of repeated names the last one counts', () => {
  const text = '{"a":1,"a":"two"}'
  assert.equal(stringValue(text, memberOf(scanJson(text), 'a')), 'two')
})

test('members are set and removed, and every other byte stays', () => {
  const text = '{ "big":12345678901234567890, "a" : 1.0,"a":2 , "z":"\\u00e9" }'
  const object = scanJson(text)
  assert.ok(object?.kind === 'object')
  assert.equal(
    editMembers(text, object, { set: new Map([['z', '0']]), remove: new Set(['a']) }),
    '{ "big":12345678901234567890 , "z":0 }',
  )
  assert.equal(
    editMembers(text, object, { set: new Map([['new', '[]']]), remove: new Set() }),
    '{ "big":12345678901234567890, "a" : 1.0,"a":2 , "z":"\\u00e9","new":[] }',
  )
})

test('any set of edits leaves valid JSON that says what was asked', () => {
  const names = fc.subarray(['a', 'b', 'c', 'd', 'e'])
  fc.assert(
    fc.property(names, names, names, fc.constantFrom('', ' ', '\n\t'), (present, set, remove, space) => {
      const text = `{${space}${present.map((name) => `"${name}"${space}:${space}1`).join(`${space},${space}`)}${space}}`
      const object = scanJson(text)
      assert.ok(object?.kind === 'object')
      const edited = editMembers(text, object, {
        set: new Map(set.map((name) => [name, '2'])),
        remove: new Set(remove),
      })
      const expected = Object.fromEntries([
        ...present.map((name) => [name, 1]),
        ...set.map((name) => [name, 2]),
      ])
      for (const name of remove) delete expected[name]
      assert.deepEqual(JSON.parse(edited), expected)
    }),
  )
})

test('splices replace their spans in any order', () => {
  assert.equal(
    spliceText('abcdef', [
      { start: 4, end: 5, text: 'EE' },
      { start: 0, end: 1, text: '' },
    ]),
    'bcdEEf',
  )
})

function parses(text: string): boolean {
  try {
    JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
    return true
  } catch {
    return false
  }
}
