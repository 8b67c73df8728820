import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair } from '../support/a-pair.ts'
import { record, snapshotDirectory } from './snapshot-directory.ts'

test('ten thousand pairs handed over at once are all committed, in order', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file)
  const order: number[] = []
  const ids = Array.from({ length: 10_000 }, (_, index) => index + 1)
  const puts = ids.map((id) =>
    writer.put(aPair({ id, response: { body: `${id} `.repeat(200) } })).then(() => order.push(id)),
  )
  await Promise.all(puts)
  await writer.close()
  assert.deepEqual(order, ids)
  const { pairs, bodies, problems } = verifySnapshot(file)
  assert.deepEqual({ pairs, bodies, problems }, { pairs: 10_000, bodies: 10_000, problems: [] })
})

test('a close that comes right behind the pairs waits for all of them', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const writer = await record(file, { durability: 'full' })
  const puts = Array.from({ length: 500 }, (_, index) => writer.put(aPair({ id: index + 1 })))
  await writer.close()
  await Promise.all(puts)
  assert.deepEqual(verifySnapshot(file), { pairs: 500, bodies: 1, bytes: 11, gaps: [], problems: [] })
})
