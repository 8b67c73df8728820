import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetRing } from '../../src/respond/target-ring.ts'

test('a ring has the newest targets byte for byte, however long they are and however often it has begun anew', () => {
  const places = 5
  const ring = targetRing(places)
  // Lengths that fall and rise, so that one time round is longer than the one before, and longer than the first memory.
  const target = (number: number): string => `/${number}?${'\xe9'.repeat((number * 2741) % 9973)}`
  for (let last = 1; last <= places * 12; last += 1) {
    ring.write(last, target(last))
    for (let number = Math.max(1, last - places + 1); number <= last; number += 1) {
      assert.ok(ring.read(number) === target(number), `target ${number} after ${last}`)
    }
  }
})
