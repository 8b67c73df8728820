import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBodyArena } from '../../src/capture/body-arena.ts'
import { createMemoryBudget, exchangeMemory } from '../../src/capture/memory-budget.ts'

const KIB = 1024

test('no two bodies share a byte, in whatever order memory is lent and given back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3 * KIB), fc.nat(20)), { maxLength: 200 }), (steps) => {
      const arena = createBodyArena(16 * KIB)
      const lent: { readonly block: Uint8Array; readonly mark: number }[] = []
      for (const [at, [bytes, victim]] of steps.entries()) {
        const block = arena.lend(bytes)
        assert.equal(block.length, bytes)
        lent.push({ block: block.fill(at % 251), mark: at % 251 })
        if (victim % 2 === 0) continue
        const [gone] = lent.splice(victim % lent.length, 1)
        if (gone !== undefined) arena.takeBack(gone.block)
      }
      for (const { block, mark } of lent) assert.ok(block.every((byte) => byte === mark))
      for (const { block } of lent) arena.takeBack(block)
      const whole = arena.lend(16 * KIB)
      assert.ok(whole.buffer instanceof SharedArrayBuffer, 'what was given back is one piece again')
    }),
  )
})

test('what is given back is used again, and what does not fit is memory of its own', () => {
  const arena = createBodyArena(4 * KIB)
  const first = arena.lend(3 * KIB)
  const second = arena.lend(2 * KIB)
  assert.ok(second.buffer instanceof ArrayBuffer)
  arena.takeBack(second)
  arena.takeBack(first)
  const third = arena.lend(2 * KIB)
  assert.deepEqual([third.buffer, third.byteOffset], [first.buffer, first.byteOffset])
})

test('an exchange gives back all that it was lent, once', () => {
  const arena = createBodyArena(4 * KIB)
  const memory = exchangeMemory(createMemoryBudget(Infinity), arena)
  const [one, other] = [memory.lend(KIB), memory.lend(3 * KIB)]
  memory.takeBack(one)
  const somebodys = arena.lend(KIB)
  assert.equal(somebodys.byteOffset, one.byteOffset)
  memory.takeBack(one)
  memory.release()
  memory.release()
  const next = arena.lend(KIB)
  assert.equal(next.byteOffset, other.byteOffset)
})
