import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_RULES, type MatchRules } from '../../src/match/match-rules.ts'
import { pathTemplates } from '../../src/match/path-template.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { meanings, meaningText, spelt, WORDS, type Words } from '../support/spellings.ts'

const LENIENT: MatchRules = {
  ...DEFAULT_RULES,
  ignoreQuery: new Set(['ts']),
  ignoreForm: new Set(['ts']),
  ignoreParts: new Set(['ts']),
  ignoreJson: [[{ deep: true, names: ['ts'] }]],
  paths: pathTemplates(['/users/{id}']),
  kinds: ['uuid', 'timestamp', 'nonce'],
  headers: ['accept-language'],
}

// Where one part ends and the next begins can only be told by lengths.
const RUNS: Words = { texts: ['', 'a', 'aa'], names: ['a', 'aa'] }

for (const [title, rules, lenient, words] of [
  [
    'two requests share a signature exactly when they say the same, however each is spelt',
    DEFAULT_RULES,
    false,
    WORDS,
  ],
  ['so they do when what is ignored differs, and values stand for their kind', LENIENT, true, WORDS],
  ['so they do where every part is a run of one letter', DEFAULT_RULES, false, RUNS],
] as const) {
  test(title, () => {
    const seen = { same: 0, other: 0 }
    const said = meanings(lenient, words)
    // As often the same said twice, or the same but for one part.
    const two = fc.tuple(said, said, fc.constantFrom('same', 'other', 'path', 'query', 'content'))
    fc.assert(
      fc.property(two, fc.integer(), fc.integer(), ([one, another, how], seed, otherSeed) => {
        const second = how === 'same' ? one : how === 'other' ? another : { ...one, [how]: another[how] }
        const [left, right] = [spelt(one, seed, lenient), spelt(second, otherSeed, lenient)]
        const equal = meaningText(one, lenient) === meaningText(second, lenient)
        seen[equal ? 'same' : 'other'] += 1
        assert.equal(
          signatureOf(left, rules) === signatureOf(right, rules),
          equal,
          `${left.target} ${right.target}`,
        )
      }),
      { numRuns: 4000 },
    )
    assert.ok(seen.same > 500 && seen.other > 500, JSON.stringify(seen))
  })
}
