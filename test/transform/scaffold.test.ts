import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { scaffold } from '../../src/transform/scaffold/scaffold.ts'
import { aPair } from '../support/a-pair.ts'
import { aSource } from '../support/a-source.ts'

const token = jsonwebtoken.sign({ iss: 'https://idp', iat: 1, exp: 301 }, 's'.repeat(32), { keyid: 'k' })

function scaffolded(...pairs: readonly RRPair[]) {
  const source = aSource(...pairs)
  const { yaml, chains, notes } = scaffold(source, { snapshot: 't', schemaPath: undefined })
  return { yaml, chains, notes, document: parseTransformDocument(yaml, 't.yaml') }
}

function answering(body: string, more: Parameters<typeof aPair>[0] = {}): RRPair {
  return aPair({ ...more, response: { ...more.response, body } })
}

suite('a scaffolded document', () => {
  test('comes with a note when a discovery document led clients past the recorder', () => {
    const body = JSON.stringify({ issuer: 'https://idp.test', jwks_uri: 'https://idp.test/keys' })
    const discovery = answering(body, { id: 7, request: { target: '/.well-known/openid-configuration' } })
    const other = answering('{}', { id: 8, request: { target: '/orders' } })
    const keys = answering('{}', { id: 9, request: { target: '/keys?a' } })
    assert.deepEqual(scaffolded(discovery, other).notes, [
      'The discovery document of pair 7 sends clients to https://idp.test, and none of them came by here: what they ' +
        'asked there is not recorded. Record that backend too, and let its name lead to the recorder.',
    ])
    assert.deepEqual(scaffolded(discovery, other, keys).notes, [])
  })

  test('has a chain for each place that answers with a token, with a comment saying which', () => {
    const { yaml, document } = scaffolded(
      answering(`{"a":{"t":"${token}"}}`, { id: 1, request: { method: 'POST', target: '/login?x=1' } }),
      answering(`{"a":{"t":"${token}"}}`, { id: 2, request: { method: 'POST', target: '/login' } }),
    )
    assert.equal(document.responder.length, 1)
    assert.match(
      yaml,
      /# Pairs 1, 2 answer with 2 JWTs:\n {2}# {3}HS256, kid k, from https:\/\/idp, lived 5m\n/,
    )
    assert.match(yaml, /shares its HMAC secret/)
    assert.match(
      yaml,
      /filters: \{ method: POST, path: \/login \}\n[^]*- json_path: a\.t\n {6}- jwt_resign: \{\}/,
    )
  })

  test('carries the state of a login over its pages, and names no path that was made up for it', () => {
    const uid = 'VM6OkN6XXU3LWgsJJrC2v4_2sJ2F0Qmv'
    const back = (id: number, target: string, location: string): RRPair =>
      aPair({ id, request: { target }, response: { status: 302, headers: [['Location', location]] } })
    const { yaml } = scaffolded(
      back(1, '/auth?client_id=a&state=4f1c9b2e7d', `/interaction/${uid}`),
      back(2, `/auth/${uid}`, `https://app/cb?code=c&state=4f1c9b2e7d#id_token=${token}`),
    )
    assert.match(yaml, /# Pair 1 begins a login that later answers go on with/)
    assert.match(
      yaml,
      /path: \/auth \}\n {4}extractor: \{ http_req_query: state \}\n {4}transforms:\n {6}- map/,
    )
    assert.match(yaml, /id: get-auth-id_token\n {4}filters: \{ method: GET, path: \/auth\/\* \}/)
    assert.doesNotMatch(yaml, new RegExp(uid))
  })

  test('names the backend only where two were asked the same', () => {
    const at = (id: number, target: string): RRPair =>
      answering(`{"t":"${token}"}`, { id, route: { listen: 'l', target } })
    assert.doesNotMatch(scaffolded(at(1, 'http://a')).yaml, /host:/)
    assert.match(scaffolded(at(1, 'http://a'), at(2, 'http://b')).yaml, /host: a \}[^]*host: b \}/)
  })

  test('finds tokens in headers and in text that is no JSON', () => {
    const { yaml } = scaffolded(
      answering(`<b>${token}</b>`, {
        response: {
          headers: [
            ['Set-Cookie', `s=${token}; Path=/`],
            ['X-T', token],
          ],
        },
      }),
    )
    assert.match(yaml, /extractor: http_res_body\n {4}transforms:\n {6}- find: jwt/)
    assert.match(yaml, /extractor: \{ http_res_cookie: s \}\n {4}transforms:\n {6}- jwt_resign/)
    assert.match(yaml, /http_res_header: X-T \}\n {4}transforms:\n {6}- jwt_resign/)
  })

  test('finds tokens in a stream that its client left', () => {
    const { yaml } = scaffolded(
      answering(`data: {"t":"${token}"}\n\nda`, {
        outcome: 'client aborted',
        response: { headers: [['Content-Type', 'text/event-stream']] },
      }),
    )
    assert.match(yaml, /extractor: http_res_body\n {4}transforms:\n {6}- find: jwt\n {6}- jwt_resign/)
  })

  test('is loaded again whatever members are called, and however deep they are', () => {
    const names = ['a b', "it's", '[0]', 'x;y', 'a.b', '日本', '*', '$', '~', '']
    const body = JSON.stringify(Object.fromEntries(names.map((name) => [name, token])))
    assert.ok(scaffolded(answering(body)).chains > 0)
    const deep = `${'['.repeat(20_000)}"${token}"${']'.repeat(20_000)}`
    assert.match(scaffolded(answering(deep)).yaml, /find: jwt/)
  })

  test('cannot be led astray by what a token says', () => {
    const kid = 'x\n  - id: injected\n    extractor: http_res_body\n    transforms: [jwt_resign]\n  #'
    const evil = jsonwebtoken.sign({ iss: 'a\rb' }, 's'.repeat(32), { keyid: kid })
    const { document } = scaffolded(answering(`{"t":"${evil}"}`, { response: { headers: [['#x', evil]] } }))
    assert.deepEqual(
      document.responder.map(({ id }) => id).filter((id) => id === 'injected'),
      [],
    )
    assert.equal(document.responder.length, 2)
  })

  test('is empty, and says so, for a snapshot without tokens', () => {
    const { yaml, chains } = scaffolded(answering('{"a":"api.github.com"}'))
    assert.equal(chains, 0)
    assert.match(yaml, /every response is served as recorded\.\nresponder: \[\]/)
  })
})
