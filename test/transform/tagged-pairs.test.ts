import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseTags } from '../../src/core/tags.ts'
import { compile, answering, serve } from './support/apply.ts'

const ROUTE = { listen: '127.0.0.1:8080', target: 'http://api.example.com' }

const PAIRS = [
  answering('one', {}, { id: 1, route: ROUTE }),
  answering('two', {}, { id: 2, route: { ...ROUTE, tags: { team: 'pay', env: 'staging' } } }),
  answering('three', {}, { id: 3, route: { ...ROUTE, tags: { direction: 'in', team: 'shop' } } }),
]

/** The pairs that a chain with these filters changes. */
async function changedBy(filters: string): Promise<readonly number[]> {
  const chain = `  - { filters: ${filters}, extractor: http_res_body, transforms: [set: changed] }\n`
  const transforms = compile(chain, PAIRS)
  const bodies = await Promise.all(PAIRS.map((pair) => serve(transforms, pair)))
  return bodies.flatMap(({ body }, index) => (Buffer.from(body).toString() === 'changed' ? [index + 1] : []))
}

for (const [filters, ids] of [
  ['{ tag: { team: pay } }', [2]],
  ['{ tag: { team: [p*, shop] } }', [2, 3]],
  ['{ tag: { team: true, env: false } }', [3]],
  ['{ tag: { team: { regex: "^sh" } } }', [3]],
  ['{ direction: in }', [3]],
  ['{ direction: out }', [1, 2]],
  ['{ not: { tag: { team: true } } }', [1]],
  ['{ any: [{ direction: in }, { tag: { env: staging } }] }', [2, 3]],
  ['{ filters: [{ include: true, operator: EQUAL, direction: OUT }] }', [1, 2]],
  ['{ filters: [{ include: true, operator: EQUAL, tag: team=pay }] }', [2]],
] as const) {
  test(`filters: ${filters} let through the pairs ${ids.join(', ')}`, async () => {
    assert.deepEqual(await changedBy(filters), ids)
  })
}

suite('tags', () => {
  test('are read in the order of their names', () => {
    assert.deepEqual(Object.entries(parseTags('team=pay, env=a=b') ?? {}), [
      ['env', 'a=b'],
      ['team', 'pay'],
    ])
    assert.equal(parseTags('none'), undefined)
  })

  for (const [text, message] of [
    ['team', '"team" is no tag'],
    ['1a=b', '"1a=b" is no tag'],
    ['a=b\nc', '"a=b\nc" is no tag'],
    ['direction=up', '"direction=up" is no tag'],
    [Array.from({ length: 33 }, (_, at) => `t${at}=x`).join(','), '33 are more than 32 tags'],
  ] as const) {
    test(`${JSON.stringify(message)} is refused`, () => {
      assert.throws(() => parseTags(text), { code: 'CONFIG_INVALID', message })
    })
  }
})
