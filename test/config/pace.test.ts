import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePace } from '../../src/config/pace.ts'
import { parseTimeout } from '../../src/config/timeout.ts'

test('a pace is none, as recorded, or so many times as fast', () => {
  assert.deepEqual(['none', 'recorded', '2x', '0.5x', '0.01x', '1000x'].map(parsePace), [
    undefined,
    1,
    2,
    0.5,
    0.01,
    1000,
  ])
})

test('a pace that is none is told with what to write', () => {
  for (const text of ['', 'fast', '0x', '0.001x', '1001x', '-1x', '2', '2 x', '1e3x', 'Infinityx']) {
    assert.throws(() => parsePace(text), {
      message: `"${text}" is not a pace`,
      hint: 'Write none, recorded, or how many times as fast: 0.5x, 2x, 10x (0.01x to 1000x).',
    })
  }
})

test('a timeout is 100 ms to 24 hours', () => {
  assert.deepEqual(['100ms', '30s', '2m', '24h'].map(parseTimeout), [100, 30_000, 120_000, 86_400_000])
  for (const text of ['99ms', '0s', '25h']) {
    assert.throws(() => parseTimeout(text), {
      message: `"${text}" is no time to wait`,
      hint: 'Write 100ms to 24h.',
    })
  }
})
