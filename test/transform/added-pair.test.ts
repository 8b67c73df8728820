import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { aChain, answering, compile, serve } from './support/apply.ts'

const token = (sub: string): string =>
  jsonwebtoken.sign({ iss: 'https://idp', sub, iat: 1_763_640_000, exp: 1_763_643_600 }, 's'.repeat(32))

const login = (id: number, sub: string): RRPair =>
  answering(JSON.stringify({ access_token: token(sub) }), {}, { id, request: { target: `/login/${id}` } })

const RESIGN = aChain(
  'http_res_body',
  '{ json_path: access_token }, { jwt_resign: { secretPath: idp/hs.key } }',
)
const FILES = { 'idp/hs.key': 'k'.repeat(40) }

suite('a pair that is compiled after all others', () => {
  test('serves what it would have served among them, and is counted', async (t) => {
    const first = [login(1, 'ann'), answering('{"a":1}', {}, { id: 2 })]
    // The same token again, another one, and a pair that no chain finds anything in.
    const later = [login(3, 'ann'), login(4, 'bob'), answering('{"b":2}', {}, { id: 5 })]
    const grown = compile(RESIGN, first, { t, files: FILES })
    const whole = compile(RESIGN, [...first, ...later], { t, files: FILES })
    assert.deepEqual(
      later.map((pair) => grown.add(pair)),
      [true, true, true],
    )
    for (const pair of [...first, ...later]) {
      const [own, other] = [await serve(grown, pair), await serve(whole, pair)]
      assert.deepEqual(own.body, other.body, `pair ${pair.id}`)
      assert.deepEqual(own.headers, other.headers, `pair ${pair.id}`)
    }
    assert.deepEqual([...grown.responses.keys()], [...whole.responses.keys()])
    assert.deepEqual(grown.chains, whole.chains)
    assert.deepEqual(
      grown.keys.map(({ tokens }) => tokens),
      whole.keys.map(({ tokens }) => tokens),
    )
  })

  test('is not added where it would change what others serve, or cannot be served itself', (t) => {
    const nothing = answering('{}', {}, { id: 1 })
    const keyless = compile(RESIGN, [nothing], { t, files: FILES })
    assert.equal(keyless.add(login(2, 'ann')), false, 'a key that signed nothing before')
    const jwks = compile(aChain('http_res_body', 'jwks'), [nothing])
    assert.equal(jwks.add(answering('{"keys":[{"kty":"RSA"}]}', {}, { id: 2 })), false, 'a JWKS')
    const learning = compile(aChain('{ http_req_query: name }', '{ map: {} }'), [nothing])
    const asked = answering('{}', {}, { id: 2, request: { target: '/?name=amanda' } })
    assert.equal(learning.add(asked), false, 'a value that is learnt')
    assert.equal(compile('  []\n', [nothing]).add(asked), true, 'nothing is changed at all')
  })
})
