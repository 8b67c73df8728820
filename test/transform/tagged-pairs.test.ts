import assert from 'node:assert/strict'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parseTags } from '../../src/core/tags.ts'
import { recordingThenReplaying } from '../support/recorded-then-replayed.ts'
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
  ['{ filters: [{ include: true, direction: OUT }, { include: true, tag: team=pay }] }', [2]],
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

test('what record --tag says is in the snapshot, and a replay filters by it', async (t) => {
  const backend = createServer((_, response) => response.end('recorded'))
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  t.after(() => {
    backend.close()
    backend.closeAllConnections()
  })
  const address = backend.address()
  assert.ok(typeof address === 'object' && address !== null)
  const directory = mkdtempSync(join(tmpdir(), 'reseal-tags-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const transformsFile = join(directory, 'tagged.yaml')
  const chain = (filters: string, text: string): string =>
    `  - { filters: ${filters}, extractor: http_res_body, transforms: [replace: { regex: $, with: ${text} }] }\n`
  writeFileSync(
    transformsFile,
    `responder:\n${chain('{ tag: { team: pay } }', '-pay')}${chain('{ direction: out }', '-out')}`,
  )
  const target = `http://127.0.0.1:${address.port}`
  const tags = parseTags('team=pay,direction=in')
  const { record, replay } = await recordingThenReplaying(t, target, { tags, transformsFile })
  await (await fetch(`${record.url}/a`)).text()
  const replaying = await replay()
  assert.equal(await (await fetch(`${replaying.url}/a`)).text(), 'recorded-pay')
})
