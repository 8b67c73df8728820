import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aPair } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'

const PAIRS = [
  aPair({ id: 1, request: { target: '/orders?id=order-111' }, response: { body: 'taken' } }),
  aPair({ id: 2, request: { target: '/last' }, response: { body: '{"id":"order-111","note":"none"}' } }),
]
const CHAINS = `responder:
  - { filters: { path: /orders }, extractor: { http_req_query: id }, transforms: [map] }
  - { filters: { path: /orders }, extractor: { http_req_query: id }, transforms: [var_store: last] }
  - { filters: { path: /last }, extractor: http_res_body, transforms: [json_path: note, var_load: last] }
`

for (const [session, others] of [
  ['header X-Client', { id: 'order-111', note: 'order-111' }],
  ['none', { id: 'order-a', note: 'order-a' }],
] as const) {
  test(`with session: ${session}, what map and var_store learnt of one client is ${others.id} for another`, async (t) => {
    const directory = await aSnapshot(t, PAIRS)
    const match = `match: { session: ${session}, ignore: { query: [id] } }\n`
    const replaying = await aReplay(t, directory, match + CHAINS)
    const ask = async (client: string, path: string): Promise<string> =>
      (await fetch(`${replaying.urls[0]}${path}`, { headers: { 'x-client': client } })).text()
    assert.equal(await ask('a', '/orders?id=order-a'), 'taken')
    assert.deepEqual(JSON.parse(await ask('b', '/last')), others)
    assert.deepEqual(JSON.parse(await ask('a', '/last')), { id: 'order-a', note: 'order-a' })
    await replaying.reset()
    assert.deepEqual(JSON.parse(await ask('a', '/last')), { id: 'order-111', note: 'order-111' })
  })
}
