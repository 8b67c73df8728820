import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { RRPair } from '../../src/core/pair.ts'
import type { ReplayPlan } from '../../src/respond/plan.ts'
import { aPair, aRequest, type RequestFields } from '../support/a-pair.ts'
import { aPlan, aPlanOf } from '../support/a-plan.ts'
import { aSource } from '../support/a-source.ts'

const ORIGINS = ['http://one.test', 'http://two.test']

const RECORDED = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'PUT', 'POST'),
  target: fc.constantFrom('/a', '/a?ts=1', '/a?ts=2', '/b', '/a/b'),
  origin: fc.constantFrom(...ORIGINS),
  user: fc.constantFrom(undefined, 'ann', 'bob'),
  state: fc.constantFrom('whole', 'whole', 'whole', 'abandoned', 'truncated', 'broken'),
})
type Recorded = typeof RECORDED extends fc.Arbitrary<infer T> ? T : never

interface Asked {
  readonly method: string
  readonly target: string
  readonly user: string | undefined
}

const MATCHES = [
  '{}',
  '{ sequence: loop }',
  '{ sequence: once, subject: require }',
  '{ sequence: causal }',
  '{ subject: ignore, ignore: { query: [ts] } }',
  '{ rules: [{ filters: { host: one.test }, ignore: { query: [ts] } }] }',
]

function requestOf({ method, target, user }: Asked): RequestFields {
  return { method, target, headers: user === undefined ? [] : [['Authorization', `Bearer ${tokenOf(user)}`]] }
}

function tokenOf(user: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part({ iss: 'i', sub: user })}.c2ln`
}

function pairOf(recorded: Recorded, id: number): RRPair {
  const { origin, state } = recorded
  return aPair({
    id,
    route: { listen: 'l', target: origin },
    request: requestOf(recorded),
    ...(state === 'abandoned' ? { outcome: 'client aborted' } : {}),
    ...(state === 'truncated' ? { responseTruncated: true } : {}),
    ...(state === 'broken' ? { outcome: 'upstream aborted', response: null } : {}),
  })
}

/** What a plan answers to everything there is to ask, several times over, and what it says of itself. */
function behaviour(plan: ReplayPlan): unknown {
  const asked = ['GET', 'PUT', 'POST'].flatMap((method) =>
    ['/a', '/a?ts=1', '/a?ts=3', '/b', '/a/b'].flatMap((target) =>
      [undefined, 'ann', 'eve'].map((user) => requestOf({ method, target, user })),
    ),
  )
  const answers = [undefined, ...ORIGINS].flatMap((origin) =>
    [...asked, ...asked.toReversed()].map((fields) => {
      const answer = plan.answer({ ...aPair({ request: fields }).request, authority: 'one.test' }, origin)
      return answer.kind === 'hit' ? answer.pair : answer.kind
    }),
  )
  const missed = plan.answer(aRequest({ target: '/a/c' }), undefined)
  const near = missed.kind === 'miss' ? missed.near().map(({ pair, cause }) => [pair, cause]) : []
  const { pairs, served, neverServed, unservable, backends } = plan.coverage()
  return { answers, near, pairs, served, neverServed, unservable, backends }
}

suite('a plan that takes in pairs', () => {
  test('answers as one that is made of all of them, in whatever order they come, or says that it cannot', () => {
    const kept = { grown: 0, refused: 0 }
    fc.assert(
      fc.property(
        fc.constantFrom(...MATCHES),
        fc.array(RECORDED, { maxLength: 8 }),
        fc.array(fc.tuple(RECORDED, fc.nat(100)), { minLength: 1, maxLength: 6 }),
        (match, before, after) => {
          const begun = before.map((one, index) => pairOf(one, index + 1))
          const later = after.map(([one], index) => pairOf(one, before.length + index + 1))
          const { pair, answer } = aSource(...begun, ...later)
          const plan = aPlanOf(match, { ...aSource(...begun), pair, answer })
          const endOf = ({ id }: RRPair): number => after[id - before.length - 1]?.[1] ?? 0
          const order = later.toSorted((a, b) => endOf(a) - endOf(b))
          if (!order.every((pair) => plan.add(pair))) {
            kept.refused += 1
            return
          }
          kept.grown += 1
          assert.deepEqual(behaviour(plan), behaviour(aPlan(match, ...begun, ...later)))
        },
      ),
      { numRuns: 150 },
    )
    assert.ok(kept.grown > 30, JSON.stringify(kept))
  })
})
