import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { transformJsonSchema } from '../../src/transform/document/document-schema.ts'
import { transformReference } from '../../src/transform/document/reference.ts'
import { RESIGN_ALGORITHMS } from '../../src/transform/mutators/jwt-resign-options.ts'

const FILE = resolve(import.meta.dirname, '../../config/transforms.schema.json')
const published = JSON.parse(readFileSync(FILE, 'utf8')) as Json
const accepts = new Ajv2020().compile(published)

test('config/transforms.schema.json is what the schemas say: run node scripts/schema.ts', () => {
  assert.deepEqual(published, structuredClone(transformJsonSchema()))
})

test('docs/transforms-reference.md is what the schemas say: run node scripts/schema.ts', () => {
  const file = resolve(import.meta.dirname, '../../docs/transforms-reference.md')
  assert.equal(readFileSync(file, 'utf8'), transformReference())
})

test('jwt_resign offers exactly the algorithms that keys can sign', () => {
  assert.deepEqual([...RESIGN_ALGORITHMS].toSorted(), Object.keys(ALGORITHMS).toSorted())
})

test('every option of every member has a description', () => {
  assert.deepEqual(undescribed(published, []), [])
})

const ACCEPTED: readonly (readonly [title: string, yaml: string])[] = [
  [
    'the document of the manual',
    `version: 1
match:
  ignore: { query: [ts], json: [$.requestId] }
responder:
  - id: login
    filters: { method: POST, path: /oauth/token }
    extractor: http_res_body
    transforms:
      - json_path: access_token
      - jwt_resign: { secretPath: jwt-demo/tls.key }`,
  ],
  [
    "Speedscale's spelling",
    '{"id":"jwt-test","responder":[{"filters":{"filters":[{"include":true}]},"extractor":{"type":"http_res_body"},"transforms":[{"type":"json_path","config":{"path":"access_token"}},{"type":"jwt_resign","config":{"iss":"x","claims":"a=b","secretPath":"/home/speedscale/secret/jwt-demo/tls.key"}}]}]}',
  ],
  ['bare words', 'responder: [{ extractor: http_res_body, transforms: [find: jwt, jwt_resign, jwks] }]'],
  ['a word without options', 'responder: [{ extractor: http_res_body, transforms: [jwt_resign: ] }]'],
  [
    'every option of jwt_resign',
    `responder:
  - extractor: { http_res_header: { name: Set-Cookie } }
    filters: { status: [200, 3xx], host: localhost }
    transforms:
      - jwt_resign: { alg: ES256, kid: { value: k }, time: { ttl: 15m }, claims: { set: { a: [1] }, delete: [b] } }`,
  ],
]

for (const [title, yaml] of ACCEPTED) {
  test(`the published schema accepts ${title}`, () => {
    assert.equal(accepts(parse(yaml)), true, JSON.stringify(accepts.errors))
  })
}

const REFUSED: readonly (readonly [title: string, yaml: string])[] = [
  ['an unknown key of the document', 'respnder: []'],
  ['an unknown step', 'responder: [{ extractor: http_res_body, transforms: [jwt_rsign] }]'],
  [
    'an unknown option',
    'responder: [{ extractor: http_res_body, transforms: [jwt_resign: { secretPat: a }] }]',
  ],
  [
    'an unknown algorithm',
    'responder: [{ extractor: http_res_body, transforms: [jwt_resign: { alg: RS25 }] }]',
  ],
  ['a chain without an extractor', 'responder: [{ transforms: [jwks] }]'],
  ['a locator without its path', 'responder: [{ extractor: http_res_body, transforms: [json_path] }]'],
  ['an empty list of steps', 'responder: [{ extractor: http_res_body, transforms: [] }]'],
  ['another version', 'version: 2'],
]

for (const [title, yaml] of REFUSED) {
  test(`the published schema refuses ${title}`, () => {
    assert.equal(accepts(parse(yaml)), false)
  })
}

type Json = Readonly<Record<string, unknown>>

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Properties without a description, but for the words of spellings, whose values describe themselves. */
function undescribed(given: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(given)) return given.flatMap((inner) => undescribed(inner, path))
  const schema = resolved(given)
  if (!isMap(schema)) return []
  const own = isMap(schema['properties']) ? Object.entries(schema['properties']) : []
  const missing = own
    .filter(([, inner]) => {
      const property = resolved(inner)
      return isMap(property) && property['description'] === undefined && !describedInside(property)
    })
    .map(([name]) => [...path, name].join('.'))
  const inner = [...own, ...Object.entries(schema).filter(([key]) => key === 'anyOf' || key === 'items')]
  return [...missing, ...inner.flatMap(([name, next]) => undescribed(next, [...path, name]))]
}

function describedInside(schema: Json): boolean {
  const branches = schema['anyOf']
  return Array.isArray(branches) && branches.some((branch) => described(resolved(branch)))
}

function described(schema: unknown): boolean {
  return isMap(schema) && schema['description'] !== undefined
}

/** What stands in several places is written once, among the definitions. */
function resolved(schema: unknown): unknown {
  if (!isMap(schema) || typeof schema['$ref'] !== 'string') return schema
  const definitions = published['$defs']
  const name = schema['$ref'].replace('#/$defs/', '')
  const found = isMap(definitions) ? definitions[name] : undefined
  return isMap(found) ? resolved({ ...found, ...schema, $ref: found['$ref'] }) : found
}
