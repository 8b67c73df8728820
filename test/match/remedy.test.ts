import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HttpRequest } from '../../src/core/exchange.ts'
import { nearMisses, type NearMiss } from '../../src/match/near-miss.ts'
import { openRequest } from '../../src/match/request-difference.ts'
import { pathOf } from '../../src/match/request-path.ts'
import { remedyLines } from '../../src/match/remedy.ts'
import { signatureOf, type Signature } from '../../src/match/signature.ts'
import { DEFAULT_RULES } from '../../src/match/match-rules.ts'
import { aRequest } from '../support/a-pair.ts'
import { ASKED, requestOf } from '../support/asked.ts'
import { matchOf } from '../support/match.ts'

function nearest(asked: HttpRequest, recorded: HttpRequest): NearMiss {
  const [near] = nearMisses(
    openRequest(asked),
    [{ pair: 1, opened: openRequest(recorded), besides: [] }],
    DEFAULT_RULES,
  )
  assert.ok(near !== undefined)
  return near
}

function signedUnder(yaml: readonly string[], request: HttpRequest): Signature {
  const { book } = matchOf(yaml.join('\n'))
  return signatureOf(request, book.rulesFor(request.method, pathOf(request.target), 'http://h'))
}

test('the lines that a report offers make the two requests one, whatever they are', () => {
  let offered = 0
  fc.assert(
    fc.property(ASKED, ASKED, (one, other) => {
      // Mostly of one endpoint, as near misses are.
      const [asked, recorded] = [requestOf(one), requestOf({ ...other, method: one.method, path: one.path })]
      const lines = remedyLines(nearest(asked, recorded))
      if (lines === undefined) return
      offered += 1
      assert.equal(signedUnder(lines, asked), signedUnder(lines, recorded))
    }),
    { numRuns: 5000 },
  )
  assert.ok(offered > 500, `only ${offered} remedies were offered`)
})

test('lines are YAML to paste, with every name in quotes', () => {
  const uuid = '1b4e28ba-2fa1-41d2-883f-0016d3cca427'
  const lines = remedyLines(
    nearest(
      aRequest({ target: `/users/${uuid}?a%20b=1&ts=2`, headers: [], body: '{"it\'s":{"x y":1},"n":2}' }),
      aRequest({
        target: `/users/${uuid.replaceAll('2', '3')}?a%20b=2&ts=3`,
        headers: [],
        body: '{"it\'s":{"x y":1},"n":3}',
      }),
    ),
  )
  assert.deepEqual(lines, [
    'match:',
    '  ignore:',
    '    path: ["/users/{id}"]',
    '    query: ["a b", "ts"]',
    '    json: ["$.n"]',
  ])
})

test('nothing is offered where a name may be a secret, or where too much differs', () => {
  const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.'
  assert.equal(
    remedyLines(nearest(aRequest({ target: `/x?${token}=1` }), aRequest({ target: '/x' }))),
    undefined,
  )
  const many = Array.from({ length: 11 }, (_, index) => `p${index}=1`).join('&')
  assert.equal(
    remedyLines(nearest(aRequest({ target: `/x?${many}` }), aRequest({ target: '/x' }))),
    undefined,
  )
})
