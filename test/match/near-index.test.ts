import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNearIndex, MAX_CANDIDATES } from '../../src/match/near-index.ts'

test('of a hundred thousand paths a bounded number is likely, those of the path and of its shape among them', () => {
  const near = createNearIndex()
  for (let id = 1; id <= 100_000; id += 1) near.add(id, id % 2 === 0 ? `/items/${id}` : `/users/${id}/orders`)
  near.add(100_001, '/health')
  for (const path of ['/items/77776', '/items/999999999', '/users/7/orders', '/nowhere/at/all', '/']) {
    const likely = near.likely(path)
    assert.ok(likely.length > 0 && likely.length <= MAX_CANDIDATES, `${path}: ${likely.length}`)
  }
  assert.equal(near.likely('/items/77776')[0], 77776)
  assert.ok(near.likely('/items/999999999').some((id) => id % 2 === 0 && id <= 100_000))
  assert.ok(near.likely('/Health/').includes(100_001))
  // A path that comes later is found as well.
  near.add(100_002, '/late')
  assert.equal(near.likely('/late')[0], 100_002)
})
