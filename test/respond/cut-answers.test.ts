import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { HttpResponse } from '../../src/core/exchange.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { brokenOffMessage } from '../../src/core/upstream-failure.ts'
import type { ReplayPlan } from '../../src/respond/plan.ts'
import { recordedDelivery } from '../../src/respond/recorded-answer.ts'
import { aPair, aRequest } from '../support/a-pair.ts'
import { aPlanOf } from '../support/a-plan.ts'
import { aSource } from '../support/a-source.ts'

suite('a recorded exchange that did not end whole', () => {
  test('is cut as the upstream cut it, with the recorded head and beginning', () => {
    for (const cut of ['reset', 'close'] as const) {
      const plan = planOf(
        undefined,
        aPair({
          outcome: 'upstream aborted',
          error: brokenOffMessage(cut, 'read ECONNRESET'),
          response: { headers: [['Content-Length', '99']], body: 'begun' },
        }),
      )
      const answer = hit(plan)
      assert.equal(answer.delivery?.cut, cut)
      assert.deepEqual(answer.headers, [['Content-Length', '99']])
      assert.equal(Buffer.from(answer.body).toString(), 'begun')
      assert.equal(plan.coverage().unservable.length, 0)
    }
  })

  test('gives the answer that reseal gave where the upstream gave none', () => {
    const late = 'The upstream http://a did not answer in time: no response within 30 ms'
    const down = 'The upstream http://a could not be reached: connect ECONNREFUSED'
    const answers = [late, down].map((error) =>
      hit(planOf(undefined, aPair({ response: null, outcome: 'upstream error', error }))),
    )
    assert.deepEqual(
      answers.map(({ status, body }) => [status, JSON.parse(Buffer.from(body).toString())]),
      [
        [504, { error: { code: 'UPSTREAM_UNREACHABLE', message: late } }],
        [
          502,
          {
            error: {
              code: 'UPSTREAM_UNREACHABLE',
              message: down,
              hint: 'Check the address given as target, and that the upstream runs.',
            },
          },
        ],
      ],
    )
  })

  test('counts only where no whole one was recorded, if its client did not wait for it', () => {
    const abandoned = aPair({ id: 1, outcome: 'client aborted', response: { body: 'beg' } })
    const whole = aPair({ id: 2, response: { body: 'whole' } })
    const plan = planOf(undefined, abandoned, whole)
    assert.equal(Buffer.from(hit(plan).body).toString(), 'whole')
    assert.deepEqual(plan.coverage().unservable, [1])
    assert.equal(hit(planOf(undefined, abandoned)).delivery?.cut, 'reset')
  })

  test('stays open after what was recorded, if it was a stream of events', () => {
    const stream: RRPair = aPair({
      outcome: 'client aborted',
      response: { headers: [['Content-Type', 'text/event-stream; charset=utf-8']], body: 'data: 1\n\n' },
    })
    assert.deepEqual(hit(planOf(undefined, stream)).delivery, { cut: 'hold', untilClose: true })
  })
})

suite('the latency', () => {
  test('is the recorded time to the first byte, so many times as fast, and nothing where there is none', () => {
    const pair = aPair({ firstByteMs: 40, tookMs: 70 })
    const answer = (latency: number | undefined, pace?: number) => recordedDelivery(pair, { pace, latency })
    assert.deepEqual(answer(1), { delayMs: 40 })
    assert.deepEqual(answer(4), { delayMs: 10 })
    assert.equal(answer(undefined), undefined)
    assert.deepEqual(answer(1, 2), { pace: 2, headAtMs: 40, endAtMs: 70 })
  })
})

suite('the pace', () => {
  test('makes an answer wait as recorded, and nothing does without one', () => {
    const pair = aPair({ firstByteMs: 40, tookMs: 70 })
    assert.equal(hit(planOf(undefined, pair)).delivery, undefined)
    assert.deepEqual(hit(planOf(2, pair)).delivery, { pace: 2, headAtMs: 40, endAtMs: 70 })
  })
})

suite('a request that waits for a 100', () => {
  const asked = {
    method: 'POST',
    headers: [
      ['Expect', '100-continue'],
      ['Content-Length', '9'],
    ] as const,
  }

  test('is refused before its content if it was so when recorded', () => {
    const plan = planOf(undefined, aPair({ request: asked, response: { status: 417 } }))
    const refusal = plan.refusal(aRequest(asked), undefined)
    assert.equal(refusal?.kind, 'hit')
  })

  test('is asked for its content if it was so when recorded', () => {
    const interim = [{ status: 100, reason: 'Continue', headers: [], atMs: 1 }]
    const plan = planOf(
      undefined,
      aPair({ request: { ...asked, body: '123456789' }, response: { interim } }),
      aPair({ id: 2, request: { ...asked, headers: [] } }),
    )
    assert.equal(plan.refusal(aRequest(asked), undefined), undefined)
    assert.equal(plan.refusal(aRequest({ ...asked, target: '/other' }), undefined), undefined)
  })
})

function planOf(pace: number | undefined, ...pairs: readonly RRPair[]): ReplayPlan {
  return aPlanOf('{}', aSource(...pairs), pace)
}

function hit(plan: ReplayPlan): HttpResponse {
  const answer = plan.answer(aRequest(), undefined)
  assert.ok(answer.kind === 'hit' && !(answer.response instanceof Promise))
  return answer.response
}
