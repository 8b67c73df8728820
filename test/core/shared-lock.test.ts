import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createSharedLock } from '../../src/core/shared-lock.ts'

suite('a shared lock', () => {
  test('never lets anything run beside what runs alone, and lets everything run', async () => {
    const kinds = fc.array(fc.constantFrom('together', 'alone'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), kinds, async (scheduler, order) => {
        const lock = createSharedLock()
        let [together, alone, done] = [0, 0, 0]
        const works = order.map((kind) =>
          kind === 'together'
            ? lock.together(async () => {
                together += 1
                assert.equal(alone, 0)
                await scheduler.schedule(Promise.resolve())
                together -= 1
                done += 1
              })
            : lock.alone(async () => {
                alone += 1
                assert.deepEqual([together, alone], [0, 1])
                await scheduler.schedule(Promise.resolve())
                alone -= 1
                done += 1
              }),
        )
        await scheduler.waitFor(Promise.all(works))
        assert.equal(done, order.length)
      }),
    )
  })

  test('is let go of by work that fails', async () => {
    const lock = createSharedLock()
    const failing = async (): Promise<never> => {
      throw new Error('no')
    }
    await assert.rejects(lock.alone(failing), /no/)
    await assert.rejects(lock.together(failing), /no/)
    assert.equal(await lock.alone(async () => 1), 1)
    assert.equal(await lock.together(async () => 2), 2)
  })
})
