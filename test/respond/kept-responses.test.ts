import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { PairId } from '../../src/core/pair.ts'
import { createResponses } from '../../src/respond/recorded-responses.ts'
import { createSessions } from '../../src/respond/sessions.ts'
import { aPair, aRequest } from '../support/a-pair.ts'

/** Answers of a kilobyte by id, and how often each was read. */
function responsesIn(cacheBytes: number) {
  const reads = new Map<PairId, number>()
  const pairs = {
    answer: (id: PairId) => {
      reads.set(id, (reads.get(id) ?? 0) + 1)
      return aPair({ id, response: { body: Buffer.from(`${id} `.padEnd(1024)) } })
    },
    bodyAt: () => undefined,
  }
  const transforms = { responses: new Map() }
  const responses = createResponses(
    { pairs, transforms, clock: () => 0, cacheBytes },
    createSessions({ by: 'none' }),
    0,
  )
  const ask = (id: PairId): void => {
    const response = responses.of(id, aRequest())
    assert.ok(response !== undefined && !(response instanceof Promise))
    assert.equal(Buffer.from(response.body).toString().trim(), String(id))
  }
  return { ask, reads: (id: PairId) => reads.get(id) ?? 0 }
}

suite('recorded responses', () => {
  test('are kept when they are read a second time', () => {
    const { ask, reads } = responsesIn(1024 * 1024)
    for (let time = 0; time < 10; time += 1) ask(1)
    assert.equal(reads(1), 2)
  })

  test('do not all drive each other out when more are asked for in turns than have room', () => {
    const { ask, reads } = responsesIn(128 * 1024)
    const ids = Array.from({ length: 200 }, (_, at) => at + 1)
    for (let round = 0; round < 50; round += 1) for (const id of ids) ask(id)
    const all = ids.reduce((sum, id) => sum + reads(id), 0)
    assert.ok(all < 50 * ids.length - 500, `read ${all} times`)
  })
})
