import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { atOnce } from '../../src/core/sliced.ts'
import { KEY_WORDS } from '../../src/core/asked-columns.ts'
import { binaryText } from '../../src/core/binary-text.ts'
import { DEFAULT_RULES } from '../../src/match/match-rules.ts'
import { oneRule } from '../../src/match/rule-book.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { askedColumns, type AskedSource } from '../../src/respond/asked-scan.ts'
import { pairIndex, type PairIndex } from '../../src/respond/pair-index.ts'
import { questionTable } from '../../src/respond/question-table.ts'
import { aPair, aRequest } from '../support/a-pair.ts'
import { aSource } from '../support/a-source.ts'

const RULES = DEFAULT_RULES
const BOOK = oneRule(RULES)

function indexPairs(pairs: AskedSource): PairIndex {
  return atOnce(pairIndex(atOnce(askedColumns(pairs, BOOK))))
}

function sequence(index: PairIndex, target: string, origin?: string): readonly number[] {
  const ids: number[] = []
  let entry = index.first(signatureOf(aRequest({ target }), RULES), origin)
  for (; entry !== -1; entry = index.next(entry)) ids.push(index.id(entry))
  return ids
}

suite('an index of pairs', () => {
  test('finds exactly the pairs that a map of signatures finds, in recorded order, for every origin', () => {
    const targets = fc.constantFrom('/a', '/b', '/c?x=1', '/c?x=2', '/d')
    const origins = fc.constantFrom('http://one', 'http://two', 'https://three')
    const recorded = fc.array(fc.record({ target: targets, origin: origins, gap: fc.nat(5) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(recorded, targets, origins, (exchanges, target, origin) => {
        let id = 0
        const pairs = exchanges.map((one) => {
          id += 1 + one.gap
          return aPair({
            id,
            request: { target: one.target },
            route: { listen: 'l', target: one.origin },
          })
        })
        const index = indexPairs(aSource(...pairs))
        const asked = pairs.filter((pair) => pair.request.target === target)
        const of = (name: string | undefined) =>
          asked.filter(({ route }) => route.target === name).map((pair) => pair.id)
        assert.deepEqual(sequence(index, target, origin), of(origin))
        // Without an origin the first recorded one answers.
        assert.deepEqual(sequence(index, target), of(asked[0]?.route.target))
      }),
    )
  })

  test('holds ten thousand questions apart, and what was never asked is not found', () => {
    const pairs = Array.from({ length: 10_000 }, (_, at) =>
      aPair({ id: at + 1, request: { target: `/items/${at}` } }),
    )
    const index = indexPairs(aSource(...pairs))
    assert.equal(index.size, 10_000)
    for (const at of [0, 1, 4999, 9999]) assert.deepEqual(sequence(index, `/items/${at}`), [at + 1])
    assert.deepEqual(sequence(index, '/items/10000'), [])
    assert.deepEqual(sequence(index, '/items/1', 'http://elsewhere'), [])
  })

  test('keeps pairs without an answer out, by number', () => {
    const index = indexPairs(
      aSource(
        aPair({ id: 1, response: null, outcome: 'client aborted' }),
        aPair({ id: 2 }),
        aPair({ id: 3, requestTruncated: true }),
      ),
    )
    assert.deepEqual([index.size, index.unservable], [1, [1, 3]])
    assert.deepEqual(sequence(index, '/'), [2])
  })
})

suite('a table of questions', () => {
  test('tells keys apart that begin alike and so want the same slot', () => {
    const entries = 64
    const keys = new Uint32Array(entries * KEY_WORDS)
    for (let entry = 0; entry < entries; entry += 1) keys[entry * KEY_WORDS + 3] = entry >> 1
    const table = atOnce(questionTable(keys))
    for (let entry = 0; entry < entries; entry += 2) {
      const key = binaryText(new Uint8Array(keys.buffer, entry * KEY_WORDS * 4, KEY_WORDS * 4))
      assert.equal(table.first(key), entry)
      assert.equal(table.next(entry), entry + 1)
      assert.equal(table.next(entry + 1), -1)
    }
    assert.equal(table.first('\u0007'.repeat(KEY_WORDS * 4)), -1)
  })
})
