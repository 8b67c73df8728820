import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { AskedTarget, PairId } from '../../src/core/pair.ts'
import { recordedPaths } from '../../src/respond/recorded-paths.ts'

/** A large snapshot, of which every read is counted. */
function largeSource(size: number) {
  const reads: PairId[] = []
  let isClosed = false
  const targets = (after: PairId, upTo: PairId): readonly AskedTarget[] => {
    if (isClosed) throw new Error('closed')
    const ids = Array.from({ length: Math.max(0, Math.min(upTo, size) - after) }, (_, at) => after + at + 1)
    reads.push(...ids)
    return ids.map((id) => ({ id, target: id === size ? '/last?n=1' : `/items/${id}?n=1` }))
  }
  const index = { size, newest: size, unservable: [] }
  return { near: recordedPaths({ targets }, index), reads, close: () => void (isClosed = true) }
}

/** Lets what was put off have its turns until the condition holds. */
function untilSo(context: TestContext, condition: () => boolean): void {
  for (let turns = 0; !condition(); turns += 1) {
    assert.ok(turns < 100_000, 'it never came to be so')
    context.mock.timers.tick(10)
  }
}

test('a small snapshot is read before its first miss is answered, in order', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { near, reads } = largeSource(2000)
  assert.equal(near.likely('/last')[0], 2000)
  assert.deepEqual(
    reads,
    Array.from({ length: 2000 }, (_, at) => at + 1),
  )
})

test('a large one is read from everywhere while others are answered, every pair once', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const size = 300_000
  const { near, reads } = largeSource(size)
  assert.equal(reads.length, 0, 'nothing before there is a miss')
  assert.ok(near.likely('/items/x').length > 0)
  const first = reads.length
  assert.ok(first >= 2048 && first < size, `${first} before the first answer`)
  near.likely('/items/x')
  assert.equal(reads.length, first, 'no miss but the first waits')
  untilSo(context, () => reads.length >= size / 4)
  const quarters = reads.map((id) => Math.ceil((id * 4) / size))
  for (const quarter of [1, 2, 3, 4]) {
    const share = quarters.filter((one) => one === quarter).length / reads.length
    assert.ok(share > 0.15, `quarter ${quarter} is ${share} of what was read`)
  }
  untilSo(context, () => near.likely('/last')[0] === size)
  untilSo(context, () => reads.length === size)
  assert.equal(new Set(reads).size, size)
})

test('one that is not too large is read soon after the start, and tells how far it has come until then', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const size = 100_000
  const { near, reads } = largeSource(size)
  assert.deepEqual(near.compared(), { pairs: 0, of: size })
  untilSo(context, () => near.compared() === undefined)
  assert.equal(reads.length, size)
  assert.equal(near.likely('/last')[0], size)
  assert.equal(reads.length, size)
})

test('a miss that comes before has a sample at least, and what is left is read at once where that is asked for', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const size = 250_000
  const { near, reads } = largeSource(size)
  near.likely('/items/x')
  assert.deepEqual(near.compared(), { pairs: reads.length, of: size })
  near.readAll()
  assert.equal(near.compared(), undefined)
  assert.equal(near.likely('/last?n=1')[0], size)
})

test('reading stops quietly when its snapshot is closed', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { near, reads, close } = largeSource(300_000)
  near.likely('/items/x')
  const before = reads.length
  close()
  context.mock.timers.tick(1000)
  assert.equal(reads.length, before)
})
