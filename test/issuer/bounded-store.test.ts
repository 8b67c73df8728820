import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundedStore } from '../../src/issuer/bounded-store.ts'

test('a bounded store gives values until their moment, and not at it', () => {
  const store = boundedStore<number>(3)
  store.set('a', 1, 100)
  assert.equal(store.get('a', 99), 1)
  assert.equal(store.get('a', 100), undefined)
  assert.equal(store.get('a', 99), undefined)
})

test('a bounded store drops its oldest value, where setting one again makes it young', () => {
  const store = boundedStore<number>(2)
  store.set('a', 1, 9)
  store.set('b', 2, 9)
  store.set('a', 3, 9)
  store.set('c', 4, 9)
  assert.deepEqual([store.get('a', 0), store.get('b', 0), store.get('c', 0)], [3, undefined, 4])
  store.delete('a')
  store.clear()
  assert.deepEqual([store.get('a', 0), store.get('c', 0)], [undefined, undefined])
})
