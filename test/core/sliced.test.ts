import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { atOnce, inSlices, type Sliced } from '../../src/core/sliced.ts'

function* counted(steps: number, onStep: () => void = () => undefined): Sliced<number> {
  for (let step = 0; step < steps; step += 1) {
    onStep()
    yield
  }
  return steps
}

suite('work in slices', () => {
  test('gives what it gives at once', async () => {
    assert.equal(atOnce(counted(3)), 3)
    assert.equal(await inSlices(counted(3)), 3)
  })

  test('lets the event loop go on between slices', async () => {
    let turns = 0
    const turn = (): void => {
      turns += 1
      turning = setImmediate(turn)
    }
    let turning = setImmediate(turn)
    const seen: number[] = []
    await inSlices(
      counted(50, () => seen.push(turns)),
      undefined,
      0,
    )
    clearImmediate(turning)
    assert.ok(new Set(seen).size >= 49, `turns seen: ${seen.join(' ')}`)
  })

  test('is abandoned by its signal, and throws what the work throws', async () => {
    const abandon = new AbortController()
    let steps = 0
    const work = counted(1_000_000, () => {
      steps += 1
      if (steps === 3) abandon.abort()
    })
    await assert.rejects(inSlices(work, abandon.signal, 0), { name: 'AbortError' })
    assert.ok(steps < 10)
    const failing = counted(3, () => {
      throw new TypeError('no')
    })
    await assert.rejects(inSlices(failing), TypeError)
  })
})
