import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { findJwts, parseJwt } from '../../src/core/jwt.ts'

const token = jsonwebtoken.sign({ sub: 'u' }, 's'.repeat(32))
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

suite('a JWT is found', () => {
  test('wherever it stands, by its header', () => {
    const text = `Bearer ${token}; url=https://api.github.com/x?t=${token}&v=1.2.3.`
    assert.deepEqual(
      findJwts(text).map(({ start, end }) => text.slice(start, end)),
      [token, token],
    )
  })
  test('unsigned, and with white space in its header', () => {
    const spaced = `${Buffer.from('{ "alg" : "none" }').toString('base64url')}.${part({})}.`
    assert.equal(findJwts(`a ${spaced} b`)[0]?.jwt.alg, 'none')
  })
})

suite('a look-alike is not', () => {
  for (const [what, text] of [
    ['a host name', 'api.github.com'],
    ['a version', '1.2.3'],
    ['PASETO', `v4.public.${part({})}`],
    ['JWE', `${part({ alg: 'dir', enc: 'A128GCM' })}..aaaa.bbbb.cccc`],
    ['a header without alg', `${part({ typ: 'JWT' })}.${part({})}.aaaa`],
    ['claims that are no object', `${part({ alg: 'HS256' })}.${part([1])}.aaaa`],
    ['a padded part', `${part({ alg: 'HS256' })}.${part({ a: 'b' })}.aaa=`],
    ['trailing bits', `${part({ alg: 'HS256' })}.${part({})}.ab`],
    ['a cut token', token.slice(0, token.lastIndexOf('.'))],
    [
      'claims nested past reason',
      `${part({ alg: 'HS256' })}.${Buffer.from(`{"a":${'['.repeat(200)}${']'.repeat(200)}}`).toString('base64url')}.aaaa`,
    ],
  ] as const) {
    test(what, () => assert.equal(parseJwt(text), undefined))
  }
})

test(
  'a megabyte without a dot, or of nothing but dots and headers, is searched at once',
  { timeout: 10_000 },
  () => {
    for (const text of [
      'a'.repeat(1_000_000),
      'ey'.repeat(500_000),
      'eyJh.'.repeat(200_000),
      '.'.repeat(1_000_000),
    ]) {
      assert.deepEqual(findJwts(text), [])
    }
  },
)
