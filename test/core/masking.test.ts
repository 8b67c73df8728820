import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { maskedTarget, maskedValue } from '../../src/core/masking.ts'

// The same in every run: another signature may have a word in it that speaks of a secret.
const token = jsonwebtoken.sign({ sub: 'u', iat: 1_700_000_000 }, 's'.repeat(32))

suite('a target in a report', () => {
  for (const [target, shown] of [
    ['/a/b?x=1&y', '/a/b?x=1&y'],
    [`/a?${token}`, '/a?(masked)'],
    [`/a?${token}=1`, '/a?(masked)=1'],
    [`/a/${token}/b`, '/a/(masked)/b'],
    ['/a?access_token=s3cret', '/a?access_token=(masked)'],
    ['/a?tok%65n=s3cret', '/a?tok%65n=(masked)'],
    ['/a?code=x&pin=1&sid=2&auth=3', '/a?code=(masked)&pin=(masked)&sid=(masked)&auth=(masked)'],
    ['/a?monkey=1&design=2&postcode=3', '/a?monkey=1&design=2&postcode=3'],
    ['/a;jsessionid=abc;v=1/b', '/a;jsessionid=(masked);v=1/b'],
    ['/a#access_token=x', '/a'],
    ['http://user:pass@h/a', 'http://h/a'],
    ['/a?x\u001b[31m\n=1', '/a?x\\x1b[31m\\x0a=1'],
  ] as const) {
    test(JSON.stringify(shown), () => assert.equal(maskedTarget(target), shown))
  }
})

test('a long value is looked at once', { timeout: 10_000 }, () => {
  maskedTarget(`/${'ey'.repeat(30_000)}`)
  maskedTarget(`/?${Array.from({ length: 16_000 }, (_, index) => index).join('&')}`)
})

test('of a long target the beginning is shown', () => {
  assert.equal(maskedTarget(`/a?${'b&'.repeat(9000)}`), `/a?${'b&'.repeat(9000)}`.slice(0, 2000) + '…')
})

test('a value is masked by its name, its look or its length', () => {
  assert.equal(maskedValue('clientSecret', 'x'), '(masked)')
  assert.equal(maskedValue('x', 'A'.repeat(43)), '(masked)')
  assert.equal(
    maskedValue('id', '0b0f3f3a-6a53-4a0c-9a55-1a2b3c4d5e6f'),
    '0b0f3f3a-6a53-4a0c-9a55-1a2b3c4d5e6f',
  )
})
