import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RRPair } from '../../src/core/pair.ts'
import type { NearMiss } from '../../src/match/near-miss.ts'
import type { Answer, ReplayPlan } from '../../src/respond/plan.ts'
import { aPair, aRequest, type RequestFields } from '../support/a-pair.ts'
import { aPlan } from '../support/a-plan.ts'

function planOf(...pairs: readonly RRPair[]): ReplayPlan {
  return aPlan('{}', ...pairs)
}

function ask(plan: ReplayPlan, fields: RequestFields, origin?: string): Answer {
  return plan.answer(aRequest(fields), origin)
}

function pairOf(answer: Answer): number {
  assert.equal(answer.kind, 'hit')
  return answer.kind === 'hit' ? answer.pair : 0
}

const at = (listen: string, target: string): { route: RRPair['route'] } => ({ route: { listen, target } })

suite('a plan', () => {
  test('answers at once, without a promise, when nothing has to be signed', () => {
    const answer = ask(planOf(aPair()), {})
    assert.ok(answer.kind === 'hit' && !(answer.response instanceof Promise))
  })

  test('keeps backends apart when a listener stands for one', () => {
    const plan = planOf(aPair({ id: 1, ...at('a', 'http://a') }), aPair({ id: 2, ...at('b', 'http://b') }))
    assert.equal(pairOf(ask(plan, {}, 'http://b')), 2)
    assert.equal(pairOf(ask(plan, {}, 'http://a')), 1)
    assert.equal(ask(plan, {}, 'http://c').kind, 'miss')
    assert.equal(pairOf(ask(plan, {})), 1)
  })

  test('serves repeats in order, the last one for ever', () => {
    const plan = planOf(aPair({ id: 1 }), aPair({ id: 2 }), aPair({ id: 3 }))
    assert.deepEqual(
      [1, 2, 3, 4].map(() => pairOf(ask(plan, {}))),
      [1, 2, 3, 3],
    )
  })

  test('keeps a WebSocket and a plain GET of the same target apart', () => {
    const upgrade = [
      ['Connection', 'keep-alive, Upgrade'],
      ['Upgrade', 'WebSocket'],
    ] as const
    const plan = planOf(
      aPair({ id: 1, request: { headers: upgrade }, response: { status: 101 } }),
      aPair({ id: 2 }),
    )
    assert.deepEqual(
      [{}, { headers: upgrade }, { headers: upgrade }, {}].map((fields) => pairOf(ask(plan, fields))),
      [2, 1, 1, 2],
    )
    const alone = planOf(aPair({ request: { headers: upgrade }, response: { status: 101 } }))
    const miss = ask(alone, {})
    assert.ok(miss.kind === 'miss')
    assert.deepEqual(miss.near()[0]?.differs, [
      { field: 'method', recorded: 'GET with Upgrade: websocket', asked: 'GET', cause: 'method' },
    ])
  })

  test('never serves what no client got or nobody stored, and says so', () => {
    const plan = planOf(
      aPair({ id: 1, outcome: 'client aborted', response: null }),
      aPair({ id: 2, outcome: 'upstream aborted', responseTruncated: true }),
      aPair({ id: 3, responseTruncated: true }),
    )
    assert.equal(ask(plan, {}).kind, 'miss')
    assert.deepEqual(plan.coverage().unservable, [1, 2, 3])
  })

  test('counts what was served and what never was', () => {
    const plan = planOf(aPair({ id: 1 }), aPair({ id: 2, request: { target: '/other' } }))
    ask(plan, {})
    ask(plan, {})
    const { pairs, served, neverServed } = plan.coverage()
    assert.deepEqual([pairs, served, neverServed], [2, 1, [2]])
  })
})

suite('a miss', () => {
  const pairs = [
    aPair({ id: 1, request: { target: '/users/1?ts=5' } }),
    aPair({ id: 2, request: { method: 'POST', target: '/users', body: '{"name":"a","password":"p1"}' } }),
    aPair({ id: 3, request: { target: '/orders' } }),
    aPair({ id: 4, request: { target: '/other/place' } }),
  ]
  const nearest = (fields: RequestFields) => {
    const answer = ask(planOf(...pairs), fields)
    assert.ok(answer.kind === 'miss')
    const near = answer.near()
    assert.equal(near.length, 3)
    return near[0]
  }

  const shown = (near: NearMiss | undefined) =>
    near?.differs.map(({ field, recorded, asked }) => ({ field, recorded, asked }))

  test('names the nearest pair and the parameter that differs', () => {
    assert.deepEqual(nearest({ target: '/users/1?ts=6' }), {
      pair: 1,
      method: 'GET',
      target: '/users/1?ts=5',
      complete: true,
      cause: 'value',
      differs: [
        {
          field: 'query ts',
          recorded: '5',
          asked: '6',
          cause: 'value',
          ignore: { key: 'query', entries: ['ts'] },
        },
      ],
    })
  })

  test('names places in a JSON body, and masks what may be a secret', () => {
    const near = nearest({ method: 'POST', target: '/users', body: '{"name":"b","password":"p2"}' })
    assert.equal(near?.pair, 2)
    assert.deepEqual(shown(near), [
      { field: 'body $.name', recorded: '"a"', asked: '"b"' },
      { field: 'body $.password', recorded: '(masked)', asked: '(masked)' },
    ])
  })

  test('names the method and the path', () => {
    assert.deepEqual(shown(nearest({ method: 'PUT', target: '/orders' })), [
      { field: 'method', recorded: 'GET', asked: 'PUT' },
    ])
    assert.deepEqual(shown(nearest({ target: '/orders/' })), [
      { field: 'path', recorded: '/orders', asked: '/orders/' },
    ])
  })
})
