import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { checkTransformDocument } from '../../src/transform/document/document.ts'
import { EXTRACTORS } from '../../src/transform/extractors/extractor-table.ts'
import { REFUSED_EXTRACTORS, REFUSED_STEPS } from '../../src/transform/document/speedscale-words.ts'
import { STEPS } from '../../src/transform/steps/step-table.ts'
import { answering, compile, serve } from './support/apply.ts'

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

/** What a body becomes under steps as Speedscale writes them, asked so many times. */
async function bodiesAfter(body: string, steps: readonly unknown[], times = 1): Promise<readonly string[]> {
  const chain = JSON.stringify({ extractor: { type: 'res_body' }, transforms: steps })
  const pair = answering(body)
  const transforms = compile(`  - ${chain}\n`, [pair])
  const bodies: string[] = []
  for (let time = 0; time < times; time += 1)
    bodies.push(Buffer.from((await serve(transforms, pair)).body).toString())
  return bodies
}

for (const [what, body, steps, ...after] of [
  ['constant puts "new"', 'a', [{ type: 'constant', config: { new: 'x' } }], 'x'],
  ['replace replaces everywhere', 'a b a', [{ type: 'replace', config: { old: 'a', new: 'c' } }], 'c b c'],
  ['one_of takes turns', 'a', [{ type: 'one_of', config: { options: '1,2' } }], '1', '2', '1'],
  [
    'one_of chosen at random is the same for the same recorded value',
    'a',
    [{ type: 'one_of', config: { strategy: 'random', options: 'x,x' } }],
    'x',
    'x',
  ],
  [
    'csv walks through the rows',
    '{"a":"1"}',
    [
      { type: 'json_path', config: { path: 'a' } },
      { type: 'csv', config: { text: 'n,m\nq"",1\nr,2\n', value: 'n' } },
    ],
    '{"a":"q\\"\\""}',
    '{"a":"r"}',
    '{"a":"q\\"\\""}',
  ],
  [
    'regex without a group means all that fits',
    'id=(42)',
    [
      { type: 'regex', config: { pattern: 'id=\\((\\d+)\\)' } },
      { type: 'constant', config: { new: 'x' } },
    ],
    'x',
  ],
  [
    'regex with a group as text means that group',
    'id=42',
    [
      { type: 'regex', config: { pattern: 'id=(\\d+)', captureGroup: '1' } },
      { type: 'constant', config: { new: 'x' } },
    ],
    'id=x',
  ],
  [
    'split means the first part between commas',
    'a,b',
    [
      { type: 'split', config: {} },
      { type: 'constant', config: { new: 'x' } },
    ],
    'x,b',
  ],
  [
    'base64 goes in and comes out',
    'YQ==',
    [
      { type: 'base64', config: { pad: 'true' } },
      { type: 'constant', config: { new: 'b' } },
    ],
    'Yg==',
  ],
] as const) {
  test(`in Speedscale's spelling ${what}`, async () => {
    assert.deepEqual(await bodiesAfter(body, steps, after.length), after)
  })
}

test("Speedscale's sleep waits", async () => {
  const chain = JSON.stringify({ extractor: { type: 'res_body' }, transforms: [{ type: 'sleep' }] })
  const pair = answering('a')
  assert.equal((await serve(compile(`  - ${chain}\n`, [pair]), pair)).delivery?.delayMs, 1000)
})

test("Speedscale's csv, whose table is that of the extractor, is refused with what to write", () => {
  const { errors } = checkTransformDocument(
    documentWith('step', { type: 'csv', config: { hasHeader: 'true', header: 'email' } }),
    't.json',
  )
  assert.deepEqual(
    errors.map(({ message, hint }) => [message, hint]),
    [
      [
        'csv takes its table from a file that it names',
        'Write csv: { path: FILE, value: COLUMN }, which takes the next row each time.',
      ],
    ],
  )
})
