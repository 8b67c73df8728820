import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { atOnce } from '../../src/core/sliced.ts'
import { NO_TRANSFORMS } from '../../src/transform/compile.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { secretClasses } from '../../src/redact/classes.ts'
import { REDACT_ALL } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { createPlan, type ReplayPlan } from '../../src/respond/plan.ts'
import { aPair, aRequest, type RequestFields } from '../support/a-pair.ts'
import { aSource } from '../support/a-source.ts'
import { aMatch } from '../support/match.ts'

const RULES = compileRules(REDACT_ALL)
const FORM = [['Content-Type', 'application/x-www-form-urlencoded']] as const

function planOf(...pairs: readonly RRPair[]): ReplayPlan {
  return atOnce(
    createPlan({
      pairs: aSource(...pairs),
      transforms: NO_TRANSFORMS,
      match: aMatch(),
      secrets: secretClasses(RULES),
      clock: () => 0,
      cacheBytes: 1_000_000,
    }),
  )
}

function login(id: number, body: string): RRPair {
  return aPair({ id, request: { method: 'POST', target: '/token', headers: FORM, body } })
}

function answered(plan: ReplayPlan, fields: RequestFields): number | undefined {
  const answer = plan.answer(
    aRequest({ method: 'POST', target: '/token', headers: FORM, ...fields }),
    undefined,
  )
  return answer.kind === 'hit' ? answer.pair : undefined
}

suite('a redacted recording', () => {
  const redact = createRedactor(RULES)
  const plan = planOf(
    redact(login(1, 'client_id=a&client_secret=s1')),
    redact(login(2, 'client_id=b&client_secret=s2')),
    redact(aPair({ id: 3, request: { target: '/x?api_key=k&page=1' } })),
  )
  test('answers with the credentials that were recorded, and with any others', () => {
    assert.equal(answered(plan, { body: 'client_id=a&client_secret=s1' }), 1)
    assert.equal(answered(plan, { body: 'client_secret=anything%20else&client_id=b' }), 2)
    assert.equal(answered(plan, { method: 'GET', target: '/x?page=1&api_key=other', body: '' }), 3)
  })
  test('answers a client that sends back the placeholder it got', () => {
    assert.equal(answered(plan, { body: 'client_id=b&client_secret=redacted-client_secret-77' }), 2)
  })
  test('still goes by all the rest', () => {
    assert.equal(answered(plan, { body: 'client_id=c&client_secret=s1' }), undefined)
    assert.equal(answered(plan, { body: 'client_id=a' }), undefined)
    assert.equal(answered(plan, { method: 'GET', target: '/x?api_key=k&page=2', body: '' }), undefined)
  })
  test('is missed with a report that shows no secret and takes none for a difference', () => {
    const request = aRequest({
      method: 'POST',
      target: '/token',
      headers: FORM,
      body: 'client_id=c&client_secret=hush',
    })
    const answer = plan.answer(request, undefined)
    const near = answer.kind === 'miss' ? answer.near() : []
    const shown = near[0]?.differs.map(({ field, recorded, asked }) => ({ field, recorded, asked }))
    assert.deepEqual(shown, [{ field: 'form client_id', recorded: 'a', asked: 'c' }])
    assert.doesNotMatch(JSON.stringify(near), /hush|s1/)
  })
  test('matches tokens by what they say', () => {
    const token = (sub: string, secret: string): string => jsonwebtoken.sign({ sub }, secret.repeat(32))
    const tokens = planOf(redact(login(1, `client_assertion=${token('a', 'x')}&client_secret=s`)))
    assert.equal(answered(tokens, { body: `client_secret=t&client_assertion=${token('a', 'y')}` }), 1)
    assert.equal(answered(tokens, { body: `client_secret=t&client_assertion=${token('b', 'x')}` }), undefined)
  })
})

test('an unredacted recording goes by its secrets, as it always did', () => {
  const plan = planOf(login(1, 'password=a'), login(2, 'password=b'))
  assert.equal(answered(plan, { body: 'password=b' }), 2)
  assert.equal(answered(plan, { body: 'password=c' }), undefined)
})

test('where a recording is redacted in part, what was recorded exactly goes first', () => {
  const redact = createRedactor(RULES)
  const plan = planOf(redact(login(1, 'password=a')), login(2, 'password=b'))
  assert.equal(answered(plan, { body: 'password=b' }), 2)
  assert.equal(answered(plan, { body: 'password=c' }), 1)
})
