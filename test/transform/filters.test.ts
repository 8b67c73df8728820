import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atOnce } from '../../src/core/sliced.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { answering, compile } from './support/apply.ts'
import { aSource } from '../support/a-source.ts'
import { compileTransforms } from '../../src/transform/compile.ts'
import { openSecrets } from '../../src/keys/files/secrets.ts'

const PAIRS = [
  answering(
    '{"role":"admin","n":3}',
    { headers: [['Content-Type', 'application/json']] },
    {
      id: 1,
      request: {
        method: 'POST',
        target: '/v1/users/7?page=2&x',
        headers: [['X-Tenant', 'acme']],
        body: 'grant_type=refresh_token&a=b',
      },
    },
  ),
  answering(
    '{"role":"user"}',
    { status: 404 },
    {
      id: 2,
      request: { target: '/v1/users', body: '{"kind":"a","deep":{"n":1}}' },
    },
  ),
  answering(
    'text',
    {},
    { id: 3, request: { target: '/health' }, route: { listen: 'l', target: 'https://other:8443' } },
  ),
]

/** Filters in flow style, and the pairs they let through. */
const FILTERS: readonly (readonly [filters: string, ...ids: readonly number[]])[] = [
  ['{}', 1, 2, 3],
  ['{ path: /v1/** }', 1, 2],
  ["{ path: '/v1/users/{id}' }", 1],
  ['{ method: post }', 1],
  ['{ host: other }', 3],
  ['{ status: [4xx, 200] }', 1, 2, 3],
  ['{ header: { x-tenant: ac* } }', 1],
  ['{ header: { x-tenant: false } }', 2, 3],
  ['{ header: { x-tenant: { regex: "^a.me$" } } }', 1],
  ['{ header: { x-tenant: [nope, acme] } }', 1],
  ['{ query: { page: "2" } }', 1],
  ['{ query: { x: true } }', 1],
  ['{ form: { grant_type: refresh_token } }', 1],
  ['{ json: { kind: a } }', 2],
  ['{ json: { deep.n: 1 } }', 2],
  ['{ json: { "$..n": { exists: true } } }', 2],
  ['{ json: { kind: { exists: false } } }', 1, 3],
  ['{ res_json: { role: { regex: "^ad" } } }', 1],
  ['{ res_json: { n: 3 } }', 1],
  ['{ res_header: { content-type: "application/*" } }', 1, 2, 3],
  ['{ ordinal: 2 }', 2],
  ['{ ordinal: [1, 3-] }', 1, 3],
  ['{ ordinal: 1-2, not: { path: /v1/users } }', 1],
  ['{ not: [{ method: POST }, { path: /health }] }', 2],
  ['{ any: [{ method: POST }, { path: /health }] }', 1, 3],
  ['{ any: [{ path: /v1/**, not: { method: POST } }] }', 2],
]

for (const [filters, ...ids] of FILTERS) {
  test(`filters: ${filters} let through ${ids.join(', ')}`, () => {
    const chain = `  - filters: ${filters}\n    extractor: http_res_body\n    transforms: [{set: x}]\n`
    assert.deepEqual([...compile(chain, PAIRS).responses.keys()], ids)
  })
}

test('a chain with require that applies nowhere is an error, and one that applies is none', () => {
  const chain = (path: string): string =>
    `  - require: true\n    extractor: http_res_body\n    transforms: [{json_path: ${path}}, {set: x}]\n`
  assert.throws(() => compile(chain('nope'), PAIRS), {
    code: 'TRANSFORM_INVALID',
    message: 'json_path nope of responder[0] applies nowhere: the path selects nothing',
  })
  assert.equal(compile(chain('role'), PAIRS).responses.size, 2)
  const filtered = chain('role').replace('extractor', 'filters: { path: /nope }\n    extractor')
  assert.throws(() => compile(filtered, PAIRS), /its filters let no pair through/)
})

test('a thousand chains over ten thousand pairs compile in under two seconds', () => {
  const chains = Array.from(
    { length: 1000 },
    (_, index) =>
      `  - filters: { path: /api/r${index}/*, method: GET }\n    extractor: http_res_body\n    transforms: [{json_path: id}, uuid]\n`,
  )
  const document = parseTransformDocument(`responder:\n${chains.join('')}`, 't.yaml')
  const pairs = Array.from({ length: 10_000 }, (_, index) =>
    answering(
      `{"id":"${index}","fill":"${'x'.repeat(200)}"}`,
      {},
      {
        id: index + 1,
        request: { target: `/api/r${index % 1000}/${index}` },
      },
    ),
  )
  const byId = new Map(pairs.map((pair) => [pair.id, pair]))
  const source = { ...aSource(), headPages: () => [pairs], pair: (id: number) => byId.get(id) }
  const start = process.cpuUsage()
  const { responses } = atOnce(
    compileTransforms(document, source, {
      secrets: openSecrets('/nonexistent'),
      clock: () => 0,
    }),
  )
  const { user, system } = process.cpuUsage(start)
  assert.equal(responses.size, 10_000)
  assert.ok((user + system) / 1e6 < 2, `took ${(user + system) / 1e6} s of CPU`)
})
