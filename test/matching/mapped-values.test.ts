import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { aPair, type RequestFields } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'
import { compile, aChain, answering } from '../transform/support/apply.ts'

const JSON_TYPE = [['Content-Type', 'application/json']] as const
const FORM_TYPE = [['Content-Type', 'application/x-www-form-urlencoded']] as const

/** Orders that a client named by itself, and what it asked of them then. */
const PAIRS = [
  aPair({
    id: 1,
    request: { method: 'POST', target: '/orders', headers: JSON_TYPE, body: '{"id":"order 1/a"}' },
    response: { status: 201, headers: [['Location', '/orders/order%201%2Fa']], body: '{"id":"order 1/a"}' },
  }),
  aPair({
    id: 2,
    request: { method: 'POST', target: '/orders', headers: JSON_TYPE, body: '{"id":"order-2"}' },
    response: { status: 201, body: '{"id":"order-2"}' },
  }),
  asking(3, { target: '/orders/order%201%2Fa' }, '{"id":"order 1/a"}'),
  asking(4, { target: '/orders/order-2' }, '{"id":"order-2"}'),
  asking(5, { target: '/search?q=order+1%2Fa&page=1' }, 'found b3JkZXIgMS9h'),
  asking(
    6,
    { method: 'POST', target: '/pay', headers: FORM_TYPE, body: 'order=order-2&amount=5' },
    'order=order-2&paid=yes',
  ),
  asking(
    7,
    { method: 'PUT', target: '/notes', headers: JSON_TYPE, body: '{"of":["order-2"],"say":"b3JkZXItMg=="}' },
    'noted',
  ),
]

function asking(id: number, request: RequestFields, body: string) {
  return aPair({ id, request, response: { body } })
}

const MAPPED = `match: { ignore: { json: [$.id] } }
responder:
  - { filters: { path: /orders }, extractor: http_req_body, transforms: [json_path: id, map] }
`

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Asks a replay, and gives status and body. */
async function replayOf(t: TestContext, yaml: string, pairs = PAIRS) {
  const replaying = await aReplay(t, await aSnapshot(t, pairs), yaml)
  const ask = async (path: string, { method, headers, body }: Asked = {}): Promise<string> => {
    const init = {
      ...(method === undefined ? {} : { method }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    }
    const response = await fetch(`${replaying.urls[0]}${path}`, init)
    return `${response.status} ${await response.text()}`
  }
  const order = (id: string): Promise<string> =>
    ask('/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id }),
    })
  return { replaying, ask, order }
}

suite('a live value that map has learnt', () => {
  test('finds what was recorded with the value it stands for, in a URL, a form, JSON and base64', async (t) => {
    const { ask, order } = await replayOf(t, MAPPED)
    assert.equal(await order('live "A"&b'), '201 {"id":"live \\"A\\"&b"}')
    assert.equal(await order('live-b'), '201 {"id":"live-b"}')
    assert.equal(await ask(`/orders/${encodeURIComponent('live "A"&b')}`), '200 {"id":"live \\"A\\"&b"}')
    assert.equal(await ask('/orders/live-b'), '200 {"id":"live-b"}')
    const found = Buffer.from('live "A"&b').toString('base64')
    assert.equal(await ask('/search?page=1&q=live+%22A%22%26b'), `200 found ${found}`)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.equal(
      await ask('/pay', { method: 'POST', headers: form, body: 'order=live-b&amount=5' }),
      '200 order=live-b&paid=yes',
    )
    const note = JSON.stringify({ of: ['live-b'], say: Buffer.from('live-b').toString('base64') })
    const json = { 'content-type': 'application/json' }
    assert.equal(await ask('/notes', { method: 'PUT', headers: json, body: note }), '200 noted')
  })

  test('is learnt anew when another one stands for the recorded value, and the one before still finds it', async (t) => {
    const { ask, order } = await replayOf(t, MAPPED, PAIRS.slice(1))
    await order('live-1')
    await order('live-2')
    assert.equal(await ask('/orders/live-2'), '200 {"id":"live-2"}')
    assert.equal(await ask('/orders/live-1'), '200 {"id":"live-2"}')
    assert.equal(await ask('/orders/order-2'), '200 {"id":"live-2"}')
  })

  test('that is part of a longer word is not found, and what nothing stands for is a miss', async (t) => {
    const { ask, order } = await replayOf(t, MAPPED, PAIRS.slice(1))
    await order('live-1')
    assert.match(await ask('/orders/live-12'), /^404 /)
    assert.match(await ask('/orders/live-1/live-1'), /^404 /)
  })

  test('may have been recorded as well: as it came it is found where nothing else is', async (t) => {
    const { ask, order } = await replayOf(t, MAPPED, PAIRS.slice(1))
    await order('search')
    assert.equal(await ask('/search?q=order+1%2Fa&page=1'), '200 found b3JkZXIgMS9h')
  })

  test('is of one client where match.session tells them apart', async (t) => {
    const session = MAPPED.replace('match: {', 'match: { session: header X-Client,')
    const { ask } = await replayOf(t, session, PAIRS.slice(1))
    const headers = (client: string) => ({ 'content-type': 'application/json', 'x-client': client })
    for (const client of ['a', 'b']) {
      const body = JSON.stringify({ id: `of-${client}` })
      assert.match(await ask('/orders', { method: 'POST', headers: headers(client), body }), /^201 /)
    }
    assert.equal(await ask('/orders/of-a', { headers: headers('a') }), '200 {"id":"of-a"}')
    assert.match(await ask('/orders/of-a', { headers: headers('b') }), /^404 /)
    assert.equal(await ask('/orders/of-b', { headers: headers('b') }), '200 {"id":"of-b"}')
  })

  test('is named by a near miss as what it stands for', async (t) => {
    const { ask, order } = await replayOf(t, MAPPED, PAIRS.slice(1))
    await order('live-1')
    const miss = await ask('/orders/live-1?x=1')
    assert.match(miss, /^404 /)
    assert.match(miss, /query x/)
    assert.doesNotMatch(miss, /live-1"?,"recorded/)
  })
})

suite('a value that a response makes anew', () => {
  const MADE = `responder:
  - filters: { path: /orders, method: POST }
    extractor: http_res_body
    transforms: [json_path: id, uuid: response, map]
`
  test('stands for the recorded one in its head, in other responses and in requests', async (t) => {
    const pairs = [
      aPair({
        id: 1,
        request: { method: 'POST', target: '/orders' },
        response: { status: 201, headers: [['Location', '/orders/order-2']], body: '{"id":"order-2"}' },
      }),
      asking(2, { target: '/orders/order-2' }, '{"id":"order-2","open":true}'),
    ]
    const { replaying, ask } = await replayOf(t, MADE, pairs)
    const made = await fetch(`${replaying.urls[0]}/orders`, { method: 'POST' })
    const body: unknown = await made.json()
    const location = made.headers.get('location') ?? ''
    assert.match(location, /^\/orders\/[0-9a-f-]{36}$/)
    assert.deepEqual(body, { id: location.slice('/orders/'.length) })
    assert.equal(await ask(location), `200 ${JSON.stringify({ ...Object(body), open: true })}`)
  })
})

test("Speedscale's smart_replace_recorded in a pasted document does the same", async (t) => {
  const document = {
    id: 'blueprint',
    responder: [
      {
        filters: {
          operator: 'AND',
          filters: [{ include: true, operator: 'EQUAL', detectedLocation: '/orders' }],
        },
        extractor: { type: 'req_body' },
        transforms: [
          { type: 'json_path', config: { path: 'id' } },
          { type: 'smart_replace_recorded', config: { overwrite: 'true' } },
        ],
      },
    ],
    match: { ignore: { json: ['$.id'] } },
  }
  const { ask, order } = await replayOf(t, JSON.stringify(document), PAIRS.slice(1))
  assert.equal(await order('live-1'), '201 {"id":"live-1"}')
  assert.equal(await ask('/orders/live-1'), '200 {"id":"live-1"}')
})

test('a document that maps nothing leaves requests alone', () => {
  const plain = compile(aChain('http_res_body', '{json_path: a}, {set: b}'), [answering('{"a":1}')])
  assert.equal(plain.asRecorded, undefined)
})
