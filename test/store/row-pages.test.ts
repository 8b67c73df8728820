import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import type { PairTrait } from '../../src/core/pair.ts'
import { openSnapshot, type SnapshotReader } from '../../src/store/snapshot-reader.ts'
import { aPair, type RequestFields } from '../support/a-pair.ts'
import { recorded, snapshotDirectory } from './snapshot-directory.ts'

async function snapshotOf(
  t: TestContext,
  requests: readonly (RequestFields & { readonly id?: number })[],
): Promise<SnapshotReader> {
  const file = join(snapshotDirectory(t), 'demo.db')
  await recorded(
    file,
    requests.map(({ id, ...request }, index) => aPair({ id: id ?? index + 1, request })),
  )
  const reader = openSnapshot(file)
  t.after(() => reader.close())
  return reader
}

function ids(reader: SnapshotReader, traits?: readonly PairTrait[]): readonly number[] {
  return [...reader.headPages(traits)].flat().map(({ id }) => id)
}

suite('pages of heads', () => {
  test('hold every pair in order, however far their numbers are apart', async (t) => {
    const numbers = [...Array.from({ length: 1100 }, (_, index) => index + 1), 40_000, 9_007_199_254_740_991]
    const reader = await snapshotOf(
      t,
      numbers.map((id) => ({ id, target: `/items/${id}` })),
    )
    assert.deepEqual(ids(reader), numbers)
    assert.deepEqual(
      [...reader.headPages()].flat(),
      [...reader.heads()],
      'they are the heads that a listing gives',
    )
    assert.ok([...reader.headPages()].every((page) => page.length <= 512))
  })

  test('leave out pairs that have none of the traits', async (t) => {
    const reader = await snapshotOf(t, [
      { method: 'GET', target: '/oauth/token?x=1' },
      { method: 'POST', target: '/oauth/token' },
      { method: 'post', target: '/other' },
      { method: 'POST', target: 'http://h/oauth/token' },
      { method: 'PUT', target: '/caf\u00e9' },
    ])
    assert.deepEqual(ids(reader, [{ methods: ['POST'] }]), [2, 3, 4])
    assert.deepEqual(ids(reader, [{ methods: ['GET', 'POST'], target: '/oauth/token' }]), [1, 2, 4])
    assert.deepEqual(ids(reader, [{ target: '/caf\u00e9' }, { methods: ['GET'] }]), [1, 5])
    assert.deepEqual(ids(reader, [{}]), [1, 2, 3, 4, 5])
    assert.deepEqual(ids(reader, []), [])
  })
})
