import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceExcerpt } from '../../src/core/source-excerpt.ts'
import { nearestWord, suggestionFor } from '../../src/core/suggestion.ts'

test('an excerpt is the line with a caret under the column', () => {
  const source = 'version: 1\nresponder:\r\n\t- a\n'
  assert.equal(at(source, 2, 1), '2 | responder:\n  | ^')
  assert.equal(at(source, 3, 2), '3 |  - a\n  |  ^')
  assert.equal(at(source, 4, 1), '4 | \n  | ^')
})

test('of a long line, an excerpt shows the part around the column', () => {
  const line = `${'a'.repeat(500)}HERE${'b'.repeat(500)}`
  assert.equal(at(line, 1, 501), `1 | …${'a'.repeat(48)}HERE${'b'.repeat(44)}…\n  | ${' '.repeat(49)}^`)
  const [shown, caret] = at(line, 1, 1004).split('\n')
  assert.equal(shown?.[caret?.indexOf('^') ?? 0], 'b')
})

const STARRED: readonly (readonly [line: string, shown: string])[] = [
  ['secret: hunter2', 'secret: *******'],
  ['{ "passphrase": "a b", x: 1 }', '{ "passphrase": *****, x: 1 }'],
  ['password: [hunter2]', 'password: ********]'],
  ['x: -----BEGIN PRIVATE KEY-----\\nMIIE', 'x: -----BEGIN **********************'],
  ['Bearer eyJhbGciOiJub25lIn0.e30.', 'Bearer ************************'],
  ['json_path: access_token', 'json_path: access_token'],
  ['secretPath: jwt-demo/tls.key', 'secretPath: jwt-demo/tls.key'],
]

for (const [line, shown] of STARRED) {
  test(`an excerpt shows ${shown}`, () => {
    assert.equal(at(line, 1, 1).split('\n')[0], `1 | ${shown}`)
  })
}

test('an excerpt of a line of a megabyte takes no longer than reading it', () => {
  for (const piece of [' ', 'key:', 'ey-', '"', 'secret: ']) {
    const line = piece.repeat(1_000_000 / piece.length)
    const began = process.cpuUsage().user
    sourceExcerpt(line, { file: 'demo.yaml', line: 1, column: 500_000 })
    assert.ok(process.cpuUsage().user - began < 2_000_000, `${JSON.stringify(piece)} is slow`)
  }
})

test('a suggestion is the word fewest slips away, and else every word', () => {
  const words = ['json_path', 'jwt_claim', 'jwt_resign', 'jwks']
  assert.equal(nearestWord('jwt_reisgn', words), 'jwt_resign')
  assert.equal(nearestWord('JWKS', words), 'jwks')
  assert.equal(nearestWord('jsonpath', words), 'json_path')
  assert.equal(nearestWord('xpath', words), undefined)
  assert.equal(nearestWord('j'.repeat(5000), words), undefined)
  assert.equal(suggestionFor('jwk', words, 'steps'), 'Did you mean "jwks"?')
  assert.equal(
    suggestionFor('xpath', words, 'steps'),
    'The steps are json_path, jwt_claim, jwt_resign, jwks.',
  )
})

function at(source: string, line: number, column: number): string {
  return sourceExcerpt(source, { file: 'demo.yaml', line, column })
}
