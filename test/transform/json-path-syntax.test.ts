import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { textOfUtf8 } from '../../src/core/binary-text.ts'
import { ResealError } from '../../src/core/errors.ts'
import { scanJson } from '../../src/core/json.ts'
import { parseJsonPath, readJsonPath } from '../../src/transform/json-path/json-path-syntax.ts'
import { compileJsonPath } from '../../src/transform/json-path/json-path.ts'
import type { LocatedNode } from '../../src/transform/json-path/located-node.ts'

const DOCUMENT = {
  access_token: 'A',
  data: { access_token: 'B', 'x.y': 'C', "it's": 'D', $: 'E', '*': 'F', 'a,b': 'G', '': 'H' },
  list: [{ token: 0 }, { token: 1 }, { token: 2 }, { token: 3 }],
}

/** Each path and the pointers (RFC 6901) of what it selects. */
const SELECTS: readonly (readonly [path: string, ...pointers: readonly string[]])[] = [
  ['$', ''],
  ['access_token', '/access_token'],
  ['$.access_token', '/access_token'],
  ['.access_token', '/access_token'],
  ["['access_token']", '/access_token'],
  ['$["access_token"]', '/access_token'],
  ['data.access_token', '/data/access_token'],
  ['$..access_token', '/access_token', '/data/access_token'],
  ['..access_token', '/access_token', '/data/access_token'],
  ["$.data['x.y']", '/data/x.y'],
  ['$.data["it\'s"]', "/data/it's"],
  ["$.data['it\\'s']", "/data/it's"],
  ["$.data['$']", '/data/$'],
  ["$.data['*']", '/data/*'],
  ["$.data['a,b']", '/data/a,b'],
  ["$.data['']", '/data/'],
  ["$.data['\\u0061,b']", '/data/a,b'],
  ['list[0].token', '/list/0/token'],
  ['list.1.token', '/list/1/token'],
  ['$.list[ 2 ].token', '/list/2/token'],
  ['$.list[-1]', '/list/3'],
  ['$.list[-2]', '/list/2'],
  ['$.list[1:3]', '/list/1', '/list/2'],
  ['$.list[::2]', '/list/0', '/list/2'],
  ['$.list[2:]', '/list/2', '/list/3'],
  ['$.list[0,2].token', '/list/0/token', '/list/2/token'],
  ['$.list[*].token', '/list/0/token', '/list/1/token', '/list/2/token', '/list/3/token'],
  ["$['data','list'].*.token", '/list/0/token', '/list/1/token', '/list/2/token', '/list/3/token'],
  ['$..[1].token', '/list/1/token'],
  ['nothing.here'],
]

for (const [path, ...pointers] of SELECTS) {
  test(`the JSON path ${path} selects ${pointers.join(' ') || 'nothing'}`, () => {
    assert.deepEqual(select(path, DOCUMENT), pointers)
  })
}

test('any name can be reached in quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const path = `$.holder[${JSON.stringify(name)}]`
      const document = { holder: { other: 1, [name]: 'found' } }
      assert.deepEqual(select(path, document), [pointerTo('holder', name)])
    }),
    { numRuns: 2000, examples: [["','"], ['%@%'], ["'()"], ['@type'], ['a[0]'], ['^~;'], ['']] },
  )
})

/** Each refused path, the position of the offending character, the clause and the hint. */
const REFUSED: readonly (readonly [path: string, offset: number, message: string, hint: string])[] = [
  ['', 0, 'is empty', 'Name a member, such as access_token.'],
  ['a..', 3, 'ends before it names anything', 'Name a member behind the dot.'],
  ['$[', 2, 'ends before it names anything', "Name a member in brackets: ['name'], [0] or [*]."],
  [
    '$.keys[?(@.a)]',
    7,
    'has a filter, ?, which is not served',
    'Name the place itself, such as $.keys[*].token.',
  ],
  [
    '$.keys[?@.a]',
    7,
    'has a filter, ?, which is not served',
    'Name the place itself, such as $.keys[*].token.',
  ],
  [
    '$[(@.length-1)]',
    2,
    'has a script, (, which is not served',
    'Name the place itself, such as $.keys[*].token.',
  ],
  ['keys.#.token', 5, 'has a #, which is gjson', 'Write [*] for every item of a list.'],
  ['a\\.b', 1, 'has a backslash, which is gjson', "Write a name with dots in quotes, such as ['a.b']."],
  ['a...b', 3, 'has a dot too many', 'Write one dot, or two for any depth.'],
  ['$.a b', 3, 'has " " where it cannot stand', "Write such a name in quotes: ['the name']."],
  ['$[token]', 2, 'has "t" where it cannot stand', "Write such a name in quotes: ['the name']."],
  ['$access_token', 1, 'has "a" where it cannot stand', "Write such a name in quotes: ['the name']."],
  ['$[]', 2, 'has a ] without anything before it', 'Write a name in quotes, a number or * in brackets.'],
  ['$[1', 1, 'has a [ that is never closed', 'Write ] behind it.'],
  ["$['a]", 2, 'has a quote that is never closed', 'Write the same quote behind the name.'],
  [
    "$['\\x']",
    2,
    'has an escape that means nothing in this name',
    'Escapes are those of JSON: \\\\, \\", \\n, \\u00e9.',
  ],
  ['$[::0]', 2, 'has a slice with step 0, which selects nothing', 'Write a step of 1 or more.'],
  ['$[99999999999999999999]', 2, 'has a position too large to be one', 'Write a smaller number.'],
]

for (const [path, offset, message, hint] of REFUSED) {
  test(`the JSON path ${JSON.stringify(path)} ${message}`, () => {
    assert.deepEqual(readJsonPath(path).problem, { offset, message, hint })
  })
}

test('a refused JSON path throws TRANSFORM_INVALID with the position of the character', () => {
  assert.throws(
    () => parseJsonPath('a..'),
    (error) =>
      error instanceof ResealError &&
      error.code === 'TRANSFORM_INVALID' &&
      error.message === 'The JSON path ends before it names anything (character 4)' &&
      error.hint === 'Name a member behind the dot.',
  )
})

test('a JSON path parses to its segments', () => {
  assert.deepEqual(parseJsonPath("$.a..['b',0,-1:5]"), [
    { deep: false, selectors: [{ kind: 'name', name: 'a' }] },
    {
      deep: true,
      selectors: [
        { kind: 'name', name: 'b' },
        { kind: 'index', index: 0 },
        { kind: 'slice', start: -1, end: 5, step: 1 },
      ],
    },
  ])
})

/** JSON pointers (RFC 6901) of what a path selects. */
function select(path: string, json: object): readonly string[] {
  const text = textOfUtf8(JSON.stringify(json))
  const root = scanJson(text)
  assert.ok(root !== undefined)
  return (compileJsonPath(path).select(root, text) ?? []).map((located) => pointerTo(...namesOf(located)))
}

function pointerTo(...names: readonly (string | number)[]): string {
  return names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function namesOf({ parent, index }: LocatedNode): readonly (string | number)[] {
  if (parent === undefined) return []
  const name = parent.node.kind === 'object' ? (parent.node.members[index]?.name ?? '') : index
  return [...namesOf(parent), name]
}
