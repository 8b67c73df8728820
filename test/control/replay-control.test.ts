import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { RECORDED_AT } from '../support/a-pair.ts'
import { aReplay, type ControlledTestReplay } from './support/a-replay.ts'

const SECRET = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ'

const SHOP = [
  { request: { target: '/items' }, response: { body: '[1]' } },
  { request: { target: '/items' }, response: { body: '[1,2]' } },
  {
    request: {
      target: `/login?token=${SECRET}`,
      headers: [
        ['Host', 'shop'],
        ['Authorization', `Bearer ${SECRET}`],
      ],
    },
    response: {
      headers: [
        ['Set-Cookie', `sid=${SECRET}`],
        ['X-Plain', 'yes'],
      ],
    },
  },
  { request: { target: '/broken' }, response: null, outcome: 'client aborted' },
] as const

suite('the plan', () => {
  test('is told with its revision, files and counts', async (t) => {
    const { ask, snapshotFile, transformsFile } = await aReplay(t, { pairs: SHOP, clock: () => RECORDED_AT })
    assert.deepEqual((await ask('GET', '/v1/plan')).json, {
      revision: 1,
      loadedAt: RECORDED_AT,
      snapshot: snapshotFile,
      files: [{ path: transformsFile }],
      pairs: { servable: 3, unservable: 1 },
      chains: [],
      loads: { good: 1, refused: 0 },
    })
  })

  test('is another one after a reload, and what cannot be served leaves it in its place and says why', async (t) => {
    const { ask, transformsFile, url } = await aReplay(t, { pairs: SHOP })
    assert.equal((await fetch(`${url}/items?ts=1`)).status, 404)
    writeFileSync(transformsFile, 'match: { ignore: { query: [ts] } }\n')
    const good = await ask('POST', '/v1/reload')
    assert.deepEqual(
      [good.status, field(good.json, 'revision'), field(good.json, 'loads')],
      [200, 2, { good: 2, refused: 0 }],
    )
    assert.equal((await fetch(`${url}/items?ts=1`)).status, 200)

    writeFileSync(transformsFile, 'match: { ignroe: { query: [ts] } }\n')
    const bad = await ask('POST', '/v1/reload')
    assert.deepEqual(
      [bad.status, bad.json],
      [
        422,
        {
          error: {
            code: 'TRANSFORM_INVALID',
            message: `"ignroe" is not a key of "match" of a transform document`,
            hint: 'Did you mean "ignore"?',
            file: transformsFile,
            line: 1,
            column: 10,
          },
        },
      ],
    )
    assert.equal((await fetch(`${url}/items?ts=1`)).status, 200)
    assert.deepEqual((await ask('GET', '/ready')).json, {
      ready: true,
      processes: 1,
      reasons: [
        `Plan 2 is still served, since what is there now cannot be: ${transformsFile}:1:10: "ignroe" is not a key of "match" of a transform document`,
      ],
    })
    writeFileSync(transformsFile, '')
    assert.equal(field((await ask('POST', '/v1/reload')).json, 'revision'), 3)
    assert.deepEqual((await ask('GET', '/ready')).json, { ready: true, reasons: [], processes: 1 })
    assert.equal((await fetch(`${url}/items?ts=1`)).status, 404)
  })
})

suite('pairs', () => {
  test('are listed a page at a time, targets masked', async (t) => {
    const { ask } = await aReplay(t, { pairs: SHOP })
    const page = async (query: string): Promise<unknown> =>
      (
        field((await ask('GET', `/v1/pairs${query}`)).json, 'pairs') as { pair: number; target: string }[]
      ).map(({ pair, target }) => [pair, target])
    assert.deepEqual(await page('?limit=2'), [
      [1, '/items'],
      [2, '/items'],
    ])
    assert.deepEqual(await page('?after=2'), [
      [3, '/login?token=(masked)'],
      [4, '/broken'],
    ])
    assert.deepEqual(await page('?after=4'), [])
  })

  test('are shown one by one with their fields, and no secret is in them', async (t) => {
    const { ask } = await aReplay(t, { pairs: SHOP })
    const { json, text } = await ask('GET', '/v1/pairs/3')
    assert.deepEqual(field(json, 'requestHeaders'), [
      ['Host', 'shop'],
      ['Authorization', '(masked)'],
    ])
    assert.deepEqual(field(json, 'responseHeaders'), [
      ['Set-Cookie', '(masked)'],
      ['X-Plain', 'yes'],
    ])
    assert.ok(!text.includes(SECRET))
    for (const id of ['0', '5', '-1', '1.0', 'x', '1e0', '99999999999999999999', '..%2F1']) {
      assert.equal((await ask('GET', `/v1/pairs/${id}`)).status, 404, id)
    }
  })

  test('count as served, never served or unservable', async (t) => {
    const { ask, url } = await aReplay(t, { pairs: SHOP })
    await fetch(`${url}/items`)
    assert.deepEqual((await ask('GET', '/v1/coverage')).json, {
      servable: 3,
      served: 1,
      neverServed: { count: 2, pairs: [2, 3] },
      unservable: { count: 1, pairs: [4] },
      backends: ['http://staging.example.com'],
    })
    const page = (await ask('GET', '/v1/coverage?limit=1&after=2')).json
    assert.deepEqual(field(page, 'neverServed'), { count: 2, pairs: [3] })
  })
})

suite('the journal', () => {
  test('has what was asked and what became of it, secrets masked', async (t) => {
    const { ask, url, replaying } = await aReplay(t, { pairs: SHOP })
    await fetch(`${url}/items`)
    await fetch(`${url}/nowhere?password=${SECRET}`, { method: 'DELETE' })
    const { json, text } = await ask('GET', '/v1/journal')
    assert.ok(!text.includes(SECRET))
    const entries = field(json, 'entries') as Record<string, unknown>[]
    assert.deepEqual(
      entries.map(({ number, listener, method, target, verdict, pair, status }) => [
        [number, listener, method, target],
        [verdict, pair, status],
      ]),
      [
        [
          [1, replaying.urls[0], 'GET', '/items'],
          ['hit', 1, 200],
        ],
        [
          [2, replaying.urls[0], 'DELETE', '/nowhere?password=(masked)'],
          ['miss', undefined, 404],
        ],
      ],
    )
    const [nearest] = field(entries[1], 'nearest') as unknown[]
    assert.equal(typeof field(nearest, 'pair'), 'number')
    assert.deepEqual([field(json, 'first'), field(json, 'last')], [1, 2])
    const later = await ask('GET', '/v1/journal?after=1&limit=5')
    assert.equal((field(later.json, 'entries') as unknown[]).length, 1)
  })

  test('misses are one group where they are one mistake', async (t) => {
    const { ask, url } = await aReplay(t, { pairs: SHOP })
    for (const ts of [1, 2, 3]) await fetch(`${url}/items?ts=${ts}`)
    const misses = field((await ask('GET', '/v1/misses')).json, 'misses') as Record<string, unknown>[]
    assert.deepEqual(
      misses.map(({ count, method, target }) => [count, method, target]),
      [[3, 'GET', '/items?ts=3']],
    )
  })
})

suite('a reset', () => {
  test('begins sequences anew and forgets journal and misses, while coverage stays and numbers go on', async (t) => {
    const { ask, url, replaying } = await aReplay(t, { pairs: SHOP })
    const items = async (): Promise<string> => (await fetch(`${url}/items`)).text()
    assert.deepEqual([await items(), await items(), await items()], ['[1]', '[1,2]', '[1,2]'])
    await fetch(`${url}/nowhere`)
    assert.equal((await ask('POST', '/v1/reset')).status, 204)
    assert.deepEqual((await ask('GET', '/v1/journal')).json, { entries: [], first: 5, last: 4, processes: 1 })
    assert.deepEqual((await ask('GET', '/v1/misses')).json, { misses: [], forgotten: 0 })
    assert.equal(field((await ask('GET', '/v1/coverage')).json, 'served'), 2)
    assert.equal(await items(), '[1]')
    const { hits, misses } = await replaying.stop()
    assert.deepEqual([hits, misses], [4, 1])
  })
})

suite('metrics', () => {
  test('are Prometheus text with labels of small sets', async (t) => {
    const { ask, url } = await aReplay(t, { pairs: SHOP })
    await fetch(`${url}/items`)
    for (const target of ['/a', '/b', '/c']) await fetch(`${url}${target}`)
    await ask('GET', '/metrics')
    const { text, headers } = await ask('GET', '/metrics')
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const lines = text.split('\n').filter((line) => line.startsWith('reseal_'))
    assert.deepEqual(lines, [
      'reseal_processes 1',
      'reseal_requests_total{verdict="hit"} 1',
      'reseal_requests_total{verdict="miss"} 3',
      'reseal_pairs{state="served"} 1',
      'reseal_pairs{state="never_served"} 2',
      'reseal_pairs{state="unservable"} 1',
      'reseal_faults_total 0',
      'reseal_plan_revision 1',
      'reseal_loads_total{result="good"} 1',
      'reseal_loads_total{result="refused"} 0',
      'reseal_plan_refused 0',
    ])
    assert.match(text, /^process_resident_memory_bytes [1-9]\d+/m)
  })
})

suite('a query', () => {
  const strange = [
    '?',
    '?limit',
    '?limit=',
    '?limit=-1',
    '?limit=1.5',
    '?limit=1e3',
    '?limit=1001',
    '?limit=1&limit=2',
    '?after=99999999999999999999',
    '?after=%00',
    '?__proto__=1',
    '?x=1',
    `?${'limit=1&'.repeat(5000)}`,
  ]
  test('that is strange is refused and tells nothing back', async (t) => {
    const { ask } = await aReplay(t)
    for (const path of ['/v1/pairs', '/v1/journal']) {
      for (const query of strange.slice(1)) {
        const { status, json } = await ask('GET', `${path}${query}`)
        assert.deepEqual(
          [status, field(field(json, 'error'), 'code')],
          [400, 'CONTENT_INVALID'],
          `${path}${query.slice(0, 40)}`,
        )
      }
    }
    assert.equal((await ask('GET', '/v1/plan?x=1')).status, 400)
  })
})

test('a replay without issuers has a control API all the same', async (t) => {
  const { ask } = await aReplay(t)
  assert.deepEqual((await ask('GET', '/v1/issuers')).json, { issuers: [] })
  assert.equal((await ask('GET', '/v1/plan')).status, 200)
})

test('every operation of a replay is in the OpenAPI document, and its schemas fit what is answered', async (t) => {
  const { ask, url } = await aReplay(t, { pairs: SHOP })
  await fetch(`${url}/nowhere`)
  const document = (await ask('GET', '/openapi.json')).json
  const paths = Object.keys(field(document, 'paths') as object).filter((path) => !path.includes('issuers'))
  assert.deepEqual(paths, [
    '/live',
    '/ready',
    '/metrics',
    '/v1/plan',
    '/v1/reload',
    '/v1/reset',
    '/v1/pairs',
    '/v1/pairs/{pair}',
    '/v1/coverage',
    '/v1/journal',
    '/v1/journal/stream',
    '/v1/misses',
    '/v1/faults',
    '/v1/faults/{fault}',
    '/v1/tampers',
    '/openapi.json',
  ])
  await assertFits(document, ask)
})

async function assertFits(document: unknown, ask: ControlledTestReplay['ask']): Promise<void> {
  const { Ajv2020 } = await import('ajv/dist/2020.js')
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema({ $id: 'api', ...(document as object) })
  const cases = { Plan: '/v1/plan', PairList: '/v1/pairs', Pair: '/v1/pairs/1' } as const
  const more = { Coverage: '/v1/coverage', Journal: '/v1/journal', MissList: '/v1/misses' } as const
  for (const [name, path] of Object.entries({ ...cases, ...more })) {
    const fits = ajv.compile({ $ref: `api#/components/schemas/${name}` })
    assert.ok(fits((await ask('GET', path)).json), `${name}: ${JSON.stringify(fits.errors)}`)
  }
}

function field(value: unknown, name: string): unknown {
  assert.ok(typeof value === 'object' && value !== null)
  return (value as Record<string, unknown>)[name]
}
