import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import type { HttpRequest } from '../../src/core/exchange.ts'
import { DEFAULT_RULES, type MatchRules } from '../../src/match/match-rules.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { aRequest, type RequestFields } from '../support/a-pair.ts'

const NO_RULES = DEFAULT_RULES
const JSON_TYPE = ['Content-Type', 'application/json'] as const
const FORM_TYPE = ['Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8'] as const

function request(fields: RequestFields): HttpRequest {
  return aRequest({ method: 'POST', target: '/x', ...fields })
}

function same(one: RequestFields, other: RequestFields, rules = NO_RULES): void {
  assert.equal(signatureOf(request(one), rules), signatureOf(request(other), rules))
}

function different(one: RequestFields, other: RequestFields, rules = NO_RULES): void {
  assert.notEqual(signatureOf(request(one), rules), signatureOf(request(other), rules))
}

suite('the same question', () => {
  test('whatever the order of query parameters', () =>
    same({ target: '/x?b=2&a=1&a=0' }, { target: '/x?a=0&a=1&b=2' }))
  test('however a parameter is escaped', () => same({ target: '/x?a=%20b+c' }, { target: '/x?a=+b%20c' }))
  test('in absolute form', () => same({ target: 'http://h:1/x?a=1' }, { target: '/x?a=1' }))
  test('whatever the order and white space of JSON members', () =>
    same(
      { headers: [JSON_TYPE], body: '{"a":1,"b":["\\u00e9"]}' },
      { headers: [JSON_TYPE], body: ' { "b" : ["é"] , "a":1 }' },
    ))
  test('however its body is coded on the wire', () =>
    same(
      { headers: [JSON_TYPE], body: '{"a":1}' },
      { headers: [JSON_TYPE, ['Content-Encoding', 'gzip']], body: gzipSync('{"a":1}') },
    ))
  test('whatever the order of form fields', () =>
    same({ headers: [FORM_TYPE], body: 'b=2&a=1' }, { headers: [FORM_TYPE], body: 'a=1&b=2' }))
  test('with another token that says the same', () => {
    const token = (iat: number): string =>
      jsonwebtoken.sign({ sub: 'u', iat, jti: String(iat) }, 's'.repeat(32))
    same(
      { headers: [FORM_TYPE], body: `token=${token(1)}` },
      { headers: [FORM_TYPE], body: `token=${token(2)}` },
    )
    same({ target: `/x?t=${token(1)}` }, { target: `/x?t=${token(2)}` })
    same(
      { headers: [JSON_TYPE], body: `{"t":"${token(1)}"}` },
      { headers: [JSON_TYPE], body: `{"t":"${token(2)}"}` },
    )
  })
  test('with a query of which nothing counts', () => {
    const rules = { ...NO_RULES, ignoreQuery: new Set(['ts']) }
    same({ target: '/x?ts=1' }, { target: '/x' }, rules)
    different({ target: '/x?ts=1&a' }, { target: '/x' }, rules)
  })
  test('but for what is ignored', () => {
    const rules: MatchRules = {
      ...DEFAULT_RULES,
      ignoreQuery: new Set(['ts']),
      ignoreJson: [[{ deep: false, names: ['id'] }], [{ deep: true, names: ['nonce'] }]],
    }
    same({ target: '/x?a=1&ts=5' }, { target: '/x?a=1' }, rules)
    same(
      { headers: [JSON_TYPE], body: '{"id":1,"a":[{"nonce":"x","k":1}]}' },
      { headers: [JSON_TYPE], body: '{"a":[{"nonce":"y","k":1}]}' },
      rules,
    )
    different(
      { headers: [JSON_TYPE], body: '{"a":{"id":1}}' },
      { headers: [JSON_TYPE], body: '{"a":{"id":2}}' },
      rules,
    )
  })
})

suite('another question', () => {
  test('by method, path or a repeated parameter', () => {
    different({ method: 'GET' }, { method: 'POST' })
    different({ target: '/x' }, { target: '/x/' })
    different({ target: '/x?a=1' }, { target: '/x?a=1&a=1' })
    different({ target: '/x?a' }, { target: '/x?a=' })
  })
  test('by a digit past what a double can hold', () =>
    different(
      { headers: [JSON_TYPE], body: '{"n":12345678901234567890}' },
      { headers: [JSON_TYPE], body: '{"n":12345678901234567891}' },
    ))
  test('by a token of another subject', () => {
    const token = (sub: string): string => jsonwebtoken.sign({ sub, iat: 1 }, 's'.repeat(32))
    different({ target: `/x?t=${token('a')}` }, { target: `/x?t=${token('b')}` })
  })
})

test('a signature is injective: no two different requests share one', () => {
  const parts = fc.record({
    method: fc.constantFrom('GET', 'POST', 'G', 'GE'),
    path: fc.string({ unit: fc.constantFrom('/', 'a', ':', '1', ';'), maxLength: 6 }),
    query: fc.array(fc.tuple(fc.constantFrom('a', 'b', '1:a'), fc.constantFrom('', '1', ':', '2;')), {
      maxLength: 3,
    }),
    body: fc.constantFrom('', '1', '1:1', '{}', '{"a":1}'),
  })
  const build = ({
    method,
    path,
    query,
    body,
  }: typeof parts extends fc.Arbitrary<infer T> ? T : never): HttpRequest =>
    request({
      method,
      target: `/${path}?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`,
      body,
    })
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const plain = (value: typeof one): string =>
        JSON.stringify([
          value.method,
          value.path,
          value.query.map(String).toSorted((a, b) => (a < b ? -1 : 1)),
          value.body,
        ])
      const equal = signatureOf(build(one), NO_RULES) === signatureOf(build(other), NO_RULES)
      assert.equal(equal, plain(one) === plain(other))
    }),
    { numRuns: 3000 },
  )
})

test('JSON too deep to compare by what it says is compared by its bytes', () => {
  const deep = (inner: string): string => `${'['.repeat(100_000)}${inner}${']'.repeat(100_000)}`
  same({ body: deep('1') }, { body: deep('1') })
  different({ body: deep('1') }, { body: deep('2') })
})
