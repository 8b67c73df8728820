import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { suite, test } from 'node:test'
import { GROUPS } from './cases.ts'
import { fidelityPage } from './fidelity-page.ts'
import { runCases } from './run-cases.ts'
import { verdictsOf } from './verdicts.ts'

const CASES = GROUPS.flatMap((group) => group.cases)
const verdicts = verdictsOf(CASES, await runCases(CASES))

for (const { title, cases } of GROUPS) {
  suite(title, () => {
    for (const { id, name } of cases) {
      test(`${name}: the recorder changes nothing, the replay says the same`, () => {
        assert.deepEqual(verdicts.get(id), { recorded: undefined, replayed: undefined })
      })
    }
  })
}

test('every case has an id of its own, and there are many', () => {
  assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length)
  assert.ok(CASES.length >= 115)
})

test('docs/fidelity.md is what scripts/fidelity.ts writes', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/fidelity.md'), 'utf8')
  assert.ok(page === fidelityPage(GROUPS, verdicts), 'run: npm run fidelity')
})
