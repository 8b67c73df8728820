import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { checkTransformDocument } from '../../src/transform/document/document.ts'
import { EXTRACTORS } from '../../src/transform/extractors/extractor-table.ts'
import { REFUSED_EXTRACTORS, REFUSED_STEPS } from '../../src/transform/document/speedscale-words.ts'
import { STEPS } from '../../src/transform/steps/step-table.ts'

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/speedscale.md'), 'utf8')
const ROWS = PAGE.split('\n').filter((line) => /^\| (?:extractor|step) /.test(line))

function cellsOf(row: string): readonly string[] {
  return row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
}

/** A document in Speedscale's spelling with one extractor or step of its own. */
function documentWith(kind: string, member: unknown): string {
  const type = typeof member === 'object' && member !== null && 'type' in member ? String(member.type) : ''
  const isRequest = kind === 'extractor' && /req|url|queryparam/.test(type)
  const last = isRequest
    ? { type: 'var_store', config: { name: 'v' } }
    : { type: 'constant', config: { value: 'x' } }
  const chain =
    kind === 'extractor'
      ? { extractor: member, transforms: [last] }
      : { extractor: { type: 'http_res_body' }, transforms: [member, last] }
  return JSON.stringify({ id: 't', responder: [{ filters: { filters: [{ include: true }] }, ...chain }] })
}

for (const row of ROWS) {
  const [, word = '', instead = '', example] = cellsOf(row)
  const [kind = '', ...names] = word.split(/[ ,`]+/).filter((part) => part !== '')
  if (example !== undefined && example !== '') {
    test(`Speedscale's ${word} is accepted`, () => {
      const member: unknown = JSON.parse(example.replaceAll('`', ''))
      assert.deepEqual(checkTransformDocument(documentWith(kind, member), 't.json').errors, [])
      for (const name of names) {
        const rows = Object.values(kind === 'extractor' ? EXTRACTORS : STEPS)
        assert.ok(
          rows.some(({ type, aliases }) => type === name || aliases.includes(name)),
          name,
        )
      }
    })
  } else {
    test(`Speedscale's ${word} is refused with what to write instead`, () => {
      const { errors } = checkTransformDocument(documentWith(kind, { type: names[0] }), 't.json')
      assert.deepEqual(
        errors.map(({ message, hint }) => [message, hint]),
        [[`There is no ${kind} "${names[0]}"`, instead]],
      )
    })
  }
}

test('the page has every word that is refused', () => {
  const refused = Object.keys({ ...REFUSED_EXTRACTORS, ...REFUSED_STEPS })
  assert.deepEqual(
    refused.filter((word) => !PAGE.includes(`\`${word}\``)),
    [],
  )
  assert.ok(ROWS.length > 40)
})
