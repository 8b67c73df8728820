import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { writtenDate } from '../../src/keys/resign/written-date.ts'

suite('a date is written anew as it was written', () => {
  for (const [literal, later] of [
    ['1700000000', '1700000060'],
    ['1700000000.5', '1700000060.5'],
    ['1700000000.000', '1700000060.000'],
    ['1.7e9', '1700000060'],
    ['1.7000000005E+9', '1700000060'],
    ['1700000000123', '1700000060123'],
    ['1700000000123.25', '1700000060123.25'],
    ['"1700000000"', '"1700000060"'],
    ['"1700000000.10"', '"1700000060.10"'],
    ['"\\u0031700000000"', '"1700000060"'],
    ['12345678901234567890', '12345678901234627890'],
    ['-100', '-40'],
    ['-30.5', '29.5'],
    ['-60', '0'],
    ['99999999999', '100000000059'],
    ['100000000001', '100000060001'],
  ] as const) {
    test(`${literal}, a minute later, is ${later}`, () => {
      assert.equal(writtenDate(literal)?.shifted(60), later)
    })
  }

  for (const literal of [
    '0',
    '0.0',
    '-0',
    '"0"',
    '"01700000000"',
    '" 1700000000"',
    '"+1700000000"',
    '"2026-11-20T19:16:00Z"',
    '""',
    'null',
    'true',
    '[1700000000]',
    '{}',
    '1e400',
    '1e300',
    '1'.repeat(41),
    `"${'\\u0031'.repeat(60)}"`,
  ]) {
    test(`${literal.slice(0, 30)} is no moment, and stays`, () => {
      assert.equal(writtenDate(literal), undefined)
    })
  }

  test('another moment keeps the way of writing', () => {
    assert.equal(writtenDate('1700000000.50')?.at(1_800_000_000), '1800000000.00')
    assert.equal(writtenDate('"1700000000123"')?.at(1_800_000_000), '"1800000000000"')
  })
})

test('a shift there and back gives the same text, to the last digit', () => {
  const integers = fc.bigInt({ min: 1n, max: 10n ** 30n }).map(String)
  const decimals = fc
    .tuple(fc.bigInt({ min: 200_000_000n, max: 90_000_000_000n }), fc.stringMatching(/^\d{1,9}$/))
    .map(([whole, fraction]) => `${whole}.${fraction}`)
  fc.assert(
    fc.property(fc.oneof(integers, decimals), fc.integer({ min: 0, max: 100_000_000 }), (literal, delta) => {
      // Crossing the line between seconds and milliseconds changes the unit, as no real date does.
      fc.pre(Number(literal) + delta < 1e11 || Number(literal) > 1e11)
      const there = writtenDate(literal)?.shifted(delta)
      assert.ok(there !== undefined)
      assert.equal(writtenDate(there)?.shifted(-delta), literal)
    }),
  )
})
