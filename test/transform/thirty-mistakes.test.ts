import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkTransformDocument } from '../../src/transform/document/document.ts'

const FILE = join(import.meta.dirname, '../fixtures/thirty-mistakes.yaml')

/** Each mistake of the file: its place, what is said of it, and what to do. */
const MISTAKES: readonly (readonly [at: string, message: string, hint: string])[] = [
  ['1:1', '"verson" is not a key of a transform document', 'Did you mean "version"?'],
  ['3:13', '"qurey" is not a key of "match.ignore" of a transform document', 'Did you mean "query"?'],
  [
    '3:38',
    '"match.ignore.json[0]" of a transform document has a filter, ?, which is not served',
    'Name the place itself, such as $.keys[*].token.',
  ],
  [
    '4:13',
    '"match.sequence" of a transform document must be last, loop, once or causal, not "lopp"',
    'Did you mean "loop"?',
  ],
  [
    '5:12',
    '"match.session" of a transform document must be none, connection, cookie NAME, header NAME or jwt CLAIM',
    'For example: "none", "connection", "cookie sid".',
  ],
  [
    '7:24',
    '"match.rules[0].filters.path" of a transform document must begin with / or *',
    'For example: "/oauth/token", "/api/**".',
  ],
  [
    '9:13',
    '"faults[0].kind" of a transform document must be status, redirect, delay, reset, stall, rate, truncate, malformed or contentType, not "dely"',
    'Did you mean "delay"?',
  ],
  ['12:5', '"filter" is not a key of a chain', 'Did you mean "filters"?'],
  ['15:9', 'The id "login" belongs to the chain on line 11 already', 'Give each chain an id of its own.'],
  ['16:24', '"method" of filters is not a method', 'For example: "POST".'],
  ['16:37', '"path" of filters must begin with / or *', 'For example: "/oauth/token", "/api/**".'],
  [
    '16:50',
    '"host" of filters must be a host, without scheme or path',
    'For example: "auth.example.com", "*.example.com", "localhost:8080".',
  ],
  ['16:73', '"status" of filters is neither a status code nor a class of them', 'For example: 200, "2xx".'],
  ['19:24', '"path" of json_path ends before it names anything', 'Name a member behind the dot.'],
  ['20:23', '"secretPat" is not a key of jwt_resign', 'Did you mean "secretPath"?'],
  [
    '20:44',
    '"alg" of jwt_resign must be keep, auto or the name of an algorithm, not "RS25"',
    'Did you mean "RS256"?',
  ],
  [
    '20:63',
    '"time.ttl" of jwt_resign is not a duration',
    'Write a number and a unit: 250ms, 30s, 15m, 24h, 2d or 1h30m.',
  ],
  ['22:46', '"regx" is not a key of "res_header.Content-Type" of filters', 'Did you mean "regex"?'],
  [
    '22:71',
    '"ordinal" of filters is neither a number nor a range such as 3-10 or 3-',
    'For example: 3, "3-10", "3-".',
  ],
  ['23:16', 'There is no extractor "http_res_bdy"', 'Did you mean "http_res_body"?'],
  ['24:18', 'There is no step "jwkss"', 'Did you mean "jwks"?'],
  ['26:16', 'http_res_header lacks "name"', 'For example: "Set-Cookie", "Authorization".'],
  [
    '31:18',
    'date_shift changes a response, and the chain begins in the request',
    'Begin the chain with http_res_body or http_res_header; from a request, var_store and map learn.',
  ],
  [
    '35:16',
    '"pattern" of regex is not one: missing closing ): `(unclosed`',
    'The syntax is that of RE2: groups and classes, but no look-around and no back-references.',
  ],
  [
    '36:27',
    '"by" of date_shift is not a duration',
    'Write a number and a unit: 250ms, 30s, 15m, 24h, 2d or 1h30m.',
  ],
  [
    '37:15',
    '"value" of set has ${{rand_string}}, which needs a length from 1 to 9999',
    'For example: ${{rand_string:16}}.',
  ],
  [
    '40:17',
    '"transforms" of a chain must not be empty',
    'For example: [{"json_path":"access_token"},"jwt_resign"].',
  ],
  [
    '45:9',
    'A step must be a map of one word, and this one has 2 keys',
    'Indent "secretPath" under jwt_resign.',
  ],
  [
    '46:17',
    'There is no step "http_auth"',
    'Requests are not changed on replay; redaction makes credentials of any user match.',
  ],
  ['47:23', 'from_request must name one part of the request', 'For example: from_request: { query: state }.'],
]

test('a document with thirty mistakes gets thirty errors, each at its place with its line, caret and hint', () => {
  const source = readFileSync(FILE, 'utf8')
  const { document, errors } = checkTransformDocument(source, 'transforms/t.yaml')
  assert.equal(document, undefined)
  assert.equal(errors.length, 30)
  assert.deepEqual(
    errors.map(({ place, message, hint }) => [`${place?.line}:${place?.column}`, message, hint]),
    MISTAKES,
  )
  const lines = source.split('\n')
  for (const { place, excerpt = '' } of errors) {
    const { line = 0, column = 0 } = place ?? {}
    const [shown, caret = ''] = excerpt.split('\n')
    assert.equal(shown, `${line} | ${lines[line - 1]}`)
    assert.equal(caret.indexOf('^'), `${line} | `.length + column - 1)
  }
})
