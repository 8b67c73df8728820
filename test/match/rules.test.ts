import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { pathOf } from '../../src/match/request-path.ts'
import { signatureOf, type Signature } from '../../src/match/signature.ts'
import { aRequest, type RequestFields } from '../support/a-pair.ts'
import { matchOf } from '../support/match.ts'

const ORIGIN = 'http://api.example.com:8080'
const JSON_TYPE = ['Content-Type', 'application/json'] as const
const FORM_TYPE = ['Content-Type', 'application/x-www-form-urlencoded'] as const

function signed(fields: RequestFields, match: string, origin = ORIGIN): Signature {
  const { book } = matchOf(`match: ${match}`)
  const request = aRequest({ target: '/x', ...fields })
  return signatureOf(request, book.rulesFor(request.method, pathOf(request.target), origin))
}

function same(match: string, one: RequestFields, other: RequestFields): void {
  assert.equal(signed(one, match), signed(other, match))
  assert.notEqual(signed(one, '{}'), signed(other, '{}'), 'they would be the same without the rule')
}

function different(match: string, one: RequestFields, other: RequestFields): void {
  assert.notEqual(signed(one, match), signed(other, match))
}

function multipart(boundary: string, ...parts: readonly string[]): RequestFields {
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  return {
    method: 'POST',
    headers: [['Content-Type', `multipart/form-data; boundary="${boundary}"`]],
    body: `preamble\r\n${body}--${boundary}--\r\nepilogue`,
  }
}
const part = (name: string, content: string, type = ''): string =>
  `Content-Disposition: form-data; name="${name}"${type === '' ? '' : `\r\nContent-Type: ${type}`}\r\n\r\n${content}`

suite('ignored are', () => {
  test('query parameters, form fields and places in JSON, by name', () => {
    same('{ ignore: { query: ts } }', { target: '/x?a=1&ts=1' }, { target: '/x?ts=2&a=1' })
    same(
      '{ ignore: { form: nonce } }',
      { headers: [FORM_TYPE], body: 'a=1&nonce=x' },
      { headers: [FORM_TYPE], body: 'nonce=y&a=1' },
    )
    same(
      '{ ignore: { json: "$.items[*].id" } }',
      { headers: [JSON_TYPE], body: '{"items":[{"id":1,"n":2}]}' },
      { headers: [JSON_TYPE], body: '{"items":[{"id":3,"n":2}]}' },
    )
    different(
      '{ ignore: { form: nonce } }',
      { headers: [FORM_TYPE], body: 'a=1' },
      { headers: [FORM_TYPE], body: 'a=2' },
    )
  })

  test('parts of multipart bodies, by name', () => {
    same(
      '{ ignore: { parts: at } }',
      multipart('b', part('a', '1'), part('at', 'now')),
      multipart('b', part('a', '1'), part('at', 'then')),
    )
  })

  test('segments of a path, by template', () => {
    const template = '{ ignore: { path: ["/users/{id}/files/{name}.json"] } }'
    same(template, { target: '/users/1/files/a.json' }, { target: '/users/22/files/b.json' })
    different(template, { target: '/users/1/files/a.json' }, { target: '/users/1/files/a.xml' })
    different(template, { target: '/users/1/files/a.json' }, { target: '/users//files/.json' })
    different(template, { target: '/users/1/files/a.json' }, { target: '/users/1/2/files/a.json' })
  })

  test('header fields that count otherwise', () => {
    const rules = '{ headers: X-Team, rules: [{ filters: { path: /x }, ignore: { headers: x-team } }] }'
    const team = (name: string, target: string): RequestFields => ({ target, headers: [['x-team', name]] })
    assert.equal(signed(team('a', '/x'), rules), signed(team('b', '/x'), rules))
    different(rules, team('a', '/y'), team('b', '/y'))
  })

  test('kinds of value, wherever one is', () => {
    const uuid = (digit: string): string => `${digit.repeat(8)}-1111-4111-8111-${digit.repeat(12)}`
    const kinds = '{ ignore: { kinds: [uuid, timestamp, nonce, jwt] } }'
    same(kinds, { target: `/x/${uuid('a')}` }, { target: `/x/${uuid('b')}` })
    same(kinds, { target: '/x?at=1764000000' }, { target: '/x?at=1764000123' })
    same(kinds, { target: '/x?at=2026-11-25T10:00:00Z' }, { target: '/x?at=1764000000123' })
    same(
      kinds,
      { headers: [FORM_TYPE], body: 'n=k3J9xQ2pL7vR4tYz' },
      { headers: [FORM_TYPE], body: 'n=Z8w1Bn5MfD0sHq6G' },
    )
    same(
      kinds,
      { headers: [JSON_TYPE], body: `{"id":"${uuid('a')}","at":1764000000}` },
      { headers: [JSON_TYPE], body: `{"id":"${uuid('c')}","at":1764000001.5}` },
    )
    const token = (sub: string): string => jsonwebtoken.sign({ sub }, 's'.repeat(32))
    same(kinds, { target: `/x?t=${token('a')}` }, { target: `/x?t=${token('b')}` })
  })

  test('but no value of another kind', () => {
    const kinds = '{ ignore: { kinds: [uuid, timestamp, nonce] } }'
    different(kinds, { target: '/x/1' }, { target: '/x/2' })
    different(kinds, { target: '/x?day=2026-11-24' }, { target: '/x?day=2026-11-25' })
    different(kinds, { target: '/x?n=0764000000' }, { target: '/x?n=0764000001' })
    different(kinds, { target: '/x?n=client-credentials-2024' }, { target: '/x?n=client-credentials-2025' })
    different(kinds, { target: '/x?n=a-slug-of-some-words' }, { target: '/x?n=a-slug-of-more-words' })
    different(
      kinds,
      { target: '/x?n=%3Cuuid%3E' },
      { target: `/x?n=${'a'.repeat(8)}-1111-4111-8111-${'a'.repeat(12)}` },
    )
  })
})

suite('counted are', () => {
  test('chosen header fields, in any case and on however many lines', () => {
    const german: RequestFields = { headers: [['Accept-Language', 'de, en']] }
    const split: RequestFields = {
      headers: [
        ['accept-language', 'de'],
        ['ACCEPT-LANGUAGE', 'en'],
      ],
    }
    const rules = '{ headers: [accept-language] }'
    assert.equal(signed(german, rules), signed(split, rules))
    different(rules, german, { headers: [['Accept-Language', 'en']] })
    different(rules, german, { headers: [] })
    assert.equal(signed(german, '{}'), signed({ headers: [] }, '{}'))
  })

  test('tokens and cookies in them, by what they say', () => {
    const token = (sub: string, iat: number): string => jsonwebtoken.sign({ sub, iat }, 's'.repeat(32))
    const bearer = (sub: string, iat: number): RequestFields => ({
      headers: [['Authorization', `Bearer ${token(sub, iat)}`]],
    })
    const rules = '{ headers: [authorization, cookie] }'
    assert.equal(signed(bearer('a', 1), rules), signed(bearer('a', 2), rules))
    different(rules, bearer('a', 1), bearer('b', 1))
    const cookies = (text: string): RequestFields => ({ headers: [['Cookie', text]] })
    assert.equal(
      signed(cookies(`id=${token('a', 1)}; x=1`), rules),
      signed(cookies(`x=1; id=${token('a', 2)}`), rules),
    )
    different(rules, cookies('x=1'), cookies('x=1; x=1'))
  })

  test('multipart bodies part by part, whatever the boundary and the order', () => {
    const one = multipart('b1', part('a', '1'), part('j', '{"x":1,"y":2}', 'application/json'))
    const other = multipart('b2', part('j', '{"y":2, "x":1}', 'application/json'), part('a', '1'))
    assert.equal(signed(one, '{}'), signed(other, '{}'))
    different('{}', one, multipart('b1', part('a', '2'), part('j', '{"x":1,"y":2}', 'application/json')))
    different('{}', one, multipart('b1', part('a', '1')))
    different('{}', multipart('b', part('a', '1')), multipart('b', part('a', '1', 'text/html')))
    different('{}', multipart('b', part('a', '1')), multipart('b', part('a', '1'), part('a', '1')))
  })

  test('rules of a filter, for the requests it lets through', () => {
    const rules =
      '{ rules: [{ filters: { method: get, path: "/a/**", host: "*.example.com" }, ignore: { query: q } }] }'
    const at = (method: string, target: string): RequestFields => ({ method, target })
    assert.equal(signed(at('GET', '/a/b?q=1'), rules), signed(at('GET', '/a/b?q=2'), rules))
    different(rules, at('POST', '/a/b?q=1'), at('POST', '/a/b?q=2'))
    different(rules, at('GET', '/b?q=1'), at('GET', '/b?q=2'))
    const elsewhere = 'http://other.test'
    assert.notEqual(
      signed(at('GET', '/a/b?q=1'), rules, elsewhere),
      signed(at('GET', '/a/b?q=2'), rules, elsewhere),
    )
  })
})

suite('one question, in two spellings, are', () => {
  test('a path with escapes', () => {
    assert.equal(signed({ target: '/%7Ea/%e2' }, '{}'), signed({ target: '/~a/%E2' }, '{}'))
    different('{}', { target: '/a%2Fb' }, { target: '/a/b' })
  })
  test('no numbers: 1, 1.0 and 1e0 are as written', () => {
    const body = (number: string): RequestFields => ({ headers: [JSON_TYPE], body: `{"n":${number}}` })
    different('{}', body('1'), body('1.0'))
    different('{}', body('100'), body('1e2'))
  })
  test('no repeated members', () =>
    different(
      '{}',
      { headers: [JSON_TYPE], body: '{"a":1,"a":2}' },
      { headers: [JSON_TYPE], body: '{"a":2}' },
    ))
})
