import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createBodyBuffer } from '../../src/capture/body-buffer.ts'
import { createBodyArena } from '../../src/capture/body-arena.ts'
import {
  createMemoryBudget,
  exchangeMemory,
  type ExchangeMemory,
  type MemoryBudget,
} from '../../src/capture/memory-budget.ts'

const MIB = 1024 * 1024

test('a body that fits is kept whole, in whatever pieces it comes and whatever length was announced', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 12 }),
      fc.integer({ min: 0, max: 300_000 }),
      (pieces, announced) => {
        const body = createBodyBuffer(600_000, memoryOf(createMemoryBudget(Infinity)))
        body.expect(announced)
        for (const piece of pieces) body.add(piece)
        assert.deepEqual(Buffer.from(body.bytes()), Buffer.concat(pieces))
        assert.deepEqual([body.truncated(), body.bytes().length], [false, body.passedBytes()])
      },
    ),
  )
})

test('of a body that is too long the first MiB is kept, and the memory of the rest is given back', () => {
  const budget = createMemoryBudget(Infinity)
  const body = createBodyBuffer(4 * MIB, memoryOf(budget))
  const piece = Buffer.alloc(MIB / 2)
  for (let at = 0; at < 8; at += 1) body.add(piece.fill(at))
  assert.equal(budget.heldBytes(), 4 * MIB)
  body.add(piece)
  assert.equal(budget.heldBytes(), MIB)
  body.add(piece)
  assert.deepEqual([body.truncated(), body.passedBytes(), budget.heldBytes()], [true, 5 * MIB, MIB])
  assert.deepEqual(
    Buffer.from(body.bytes()),
    Buffer.concat([Buffer.alloc(MIB / 2, 0), Buffer.alloc(MIB / 2, 1)]),
  )
})

test('a body that announces itself too long never takes more than its first MiB', () => {
  const budget = createMemoryBudget(Infinity)
  const body = createBodyBuffer(4 * MIB, memoryOf(budget))
  body.expect(5 * MIB)
  for (let at = 0; at < 10; at += 1) body.add(Buffer.alloc(MIB / 2))
  assert.deepEqual([budget.peakBytes(), body.bytes().length, body.truncated()], [MIB, MIB, true])
})

test('a refused body keeps what it has, and says that it is not all', () => {
  const body = createBodyBuffer(100, memoryOf(createMemoryBudget(3)))
  body.add(Buffer.from('abc'))
  body.add(Buffer.from('def'))
  assert.deepEqual([Buffer.from(body.bytes()).toString(), body.truncated()], ['abc', true])
})

function memoryOf(budget: MemoryBudget): ExchangeMemory {
  return exchangeMemory(budget, createBodyArena())
}
