import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { aReplay, type ControlledTestReplay } from '../control/support/a-replay.ts'
import { aBackend } from '../support/a-backend.ts'

interface PlanView {
  readonly revision: number
  readonly loads: { readonly good: number; readonly refused: number }
  readonly pairs: { readonly servable: number }
  readonly chains: readonly { readonly matched: number }[]
}

const MARKS_JSON = `version: 1
responder:
  - id: mark
    filters: { path: /marked/** }
    extractor: { http_res_header: x-answer }
    transforms: [{ set: by reseal }]
`

async function planOf({ ask }: ControlledTestReplay): Promise<PlanView> {
  return (await ask('GET', '/v1/plan')).json as PlanView
}

/** Whether it was passed on, and the backend's number of the answer. */
async function asked(url: string, path: string, init?: RequestInit) {
  const response = await fetch(url + path, init)
  await response.arrayBuffer()
  return [response.headers.has('x-reseal-passthrough'), response.headers.get('x-answer')]
}

suite('a miss that is recorded', () => {
  test('is answered from then on by every listener, transformed as the others are, and nothing is loaded anew', async (t) => {
    const backend = await aBackend(t)
    const replay = await aReplay(t, {
      pairs: [{ route: { listen: '127.0.0.1:1', target: backend.origin }, request: { target: '/known' } }],
      document: MARKS_JSON,
      whenMissed: 'record',
      target: backend.origin,
      watch: true,
      routes: [
        { listen: '127.0.0.1:0', target: undefined },
        { listen: '127.0.0.1:0', target: backend.origin },
      ],
    })
    const [one = '', two = ''] = replay.replaying.urls
    assert.deepEqual(await asked(one, '/marked/1'), [true, '1'])
    assert.deepEqual(await asked(two, '/plain/1?b=2&a=1'), [true, '2'])
    for (const url of [one, two]) {
      assert.deepEqual(await asked(url, '/marked/1'), [false, 'by reseal'])
      assert.deepEqual(await asked(url, '/plain/1?a=1&b=2'), [false, '2'])
    }
    assert.deepEqual(await asked(two, '/marked/2'), [true, '3'])
    assert.deepEqual(await asked(one, '/marked/2'), [false, 'by reseal'])

    const { revision, loads, pairs, chains } = await planOf(replay)
    assert.deepEqual(
      { revision, loads, pairs: pairs.servable, matched: chains[0]?.matched },
      {
        revision: 4,
        loads: { good: 1, refused: 0 },
        pairs: 4,
        matched: 2,
      },
    )
    const { json } = await replay.ask('GET', '/v1/coverage')
    assert.deepEqual(json, {
      servable: 4,
      served: 3,
      neverServed: { count: 1, pairs: [1] },
      unservable: { count: 0, pairs: [] },
      backends: [backend.origin],
    })
    const listed = (await replay.ask('GET', '/v1/pairs')).json as { pairs: { pair: number }[] }
    assert.deepEqual(
      listed.pairs.map(({ pair }) => pair),
      [1, 2, 3, 4],
    )

    // The watch looks at the snapshot when the document changes, and finds nothing there that it did not write.
    writeFileSync(replay.transformsFile, MARKS_JSON.replace('by reseal', 'anew'))
    while ((await planOf(replay)).revision < 5) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual((await planOf(replay)).loads, { good: 2, refused: 0 })
    assert.deepEqual(await asked(one, '/marked/2'), [false, 'anew'])
    assert.deepEqual(await asked(one, '/plain/1?a=1&b=2'), [false, '2'])
  })

  test('changes nothing for the others, and one that teaches them something has all loaded anew', async (t) => {
    const backend = await aBackend(t)
    const replay = await aReplay(t, {
      pairs: [{ route: { listen: '127.0.0.1:1', target: backend.origin }, request: { target: '/known' } }],
      document: `responder:
  - id: name
    filters: { path: /learnt/** }
    extractor: { http_req_query: name }
    transforms: [{ map: {} }]
`,
      whenMissed: 'record',
      target: backend.origin,
      routes: [{ listen: '127.0.0.1:0', target: undefined }],
    })
    await asked(replay.url, '/items/4711?color=red')
    assert.deepEqual(await planOf(replay).then(({ revision, loads }) => [revision, loads.good]), [2, 1])
    await asked(replay.url, '/learnt/1?name=red')
    assert.deepEqual(await planOf(replay).then(({ revision, loads }) => [revision, loads.good]), [3, 2])
    const response = await fetch(`${replay.url}/learnt/1?name=red`)
    assert.equal(response.headers.get('x-reseal-passthrough'), null)
  })

  test('asked by many at once is recorded for each, and all are answered in the order in which they asked', async (t) => {
    const backend = await aBackend(t)
    const replay = await aReplay(t, {
      pairs: [{ route: { listen: '127.0.0.1:1', target: backend.origin }, request: { target: '/known' } }],
      document: 'match: { sequence: loop }\n',
      whenMissed: 'record',
      target: backend.origin,
    })
    await Promise.all(Array.from({ length: 20 }, () => asked(replay.url, '/new')))
    const { revision, loads, pairs } = await planOf(replay)
    const recorded = pairs.servable - 1
    assert.deepEqual([revision, loads.good], [1 + recorded, 1])
    await replay.ask('POST', '/v1/reset')
    const first = await inOrder(replay.url, recorded)
    await replay.ask('POST', '/v1/reload')
    await replay.ask('POST', '/v1/reset')
    assert.deepEqual(await inOrder(replay.url, recorded), first)
  })
})

async function inOrder(url: string, times: number) {
  const answers: unknown[] = []
  for (let at = 0; at < times; at += 1) answers.push(await asked(url, '/new'))
  return answers
}
