import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { handyResponses } from '../../src/respond/handy-responses.ts'
import { aResponse } from '../support/a-pair.ts'

const TWO_PLACES = 2 * 10 * 1024

suite('handy responses', () => {
  test('are kept when they are read, with content of their own', () => {
    const handy = handyResponses(TWO_PLACES)
    const others = Buffer.alloc(8192)
    handy.wasRead(1, aResponse({ body: others.subarray(0, 4) }))
    others.fill(1)
    assert.deepEqual(handy.get(1)?.body, new Uint8Array(4))
    assert.deepEqual([handy.get(0), handy.get(2), handy.get(3)], [undefined, undefined, undefined])
  })

  test('keep their places from what is read seldom, and lose them to what is read often', () => {
    const handy = handyResponses(TWO_PLACES)
    handy.wasRead(1, aResponse())
    handy.wasRead(2, aResponse())
    for (let time = 1; time < 64; time += 1) handy.wasRead(3, aResponse())
    assert.ok(handy.get(1) !== undefined && handy.get(3) === undefined)
    handy.wasRead(3, aResponse())
    assert.ok(handy.get(1) === undefined && handy.get(3) !== undefined && handy.get(2) !== undefined)
  })

  test('are none where there is no memory for them', () => {
    const handy = handyResponses(0)
    handy.wasRead(0, aResponse())
    handy.wasRead(1, aResponse())
    assert.deepEqual([handy.get(0), handy.get(1)], [undefined, undefined])
  })
})
