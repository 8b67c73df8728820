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

test('of many requests with one path, those that have most parameters in common are likely, in whatever order they are', () => {
  const near = createNearIndex()
  for (let id = 1; id <= 50_000; id += 1) near.add(id, `/search?q=word${id}&size=20&ts=${id}`)
  assert.equal(near.likely('/search?ts=99999999&size=20&q=word%333333')[0], 33_333)
  assert.equal(near.likely('/search?q=word7&size=20')[0], 7)
  assert.equal(near.likely('/search?nothing=like&it')[0], 1)
  assert.equal(near.likely('/search').length > 0, true)
  for (let id = 60_001; id <= 61_000; id += 1) near.add(id, `/items/${id}?color=c${id}&size=1`)
  assert.equal(near.likely('/items/1?size=1&color=c60500')[0], 60_500)
})
