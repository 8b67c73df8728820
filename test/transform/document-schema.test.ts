import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { transformJsonSchema } from '../../src/transform/document-schema.ts'
import { RESIGN_ALGORITHMS } from '../../src/transform/steps/jwt-resign-options.ts'

const FILE = resolve(import.meta.dirname, '../../config/transforms.schema.json')
const published: unknown = JSON.parse(readFileSync(FILE, 'utf8'))

test('config/transforms.schema.json is what the schemas say: run node scripts/schema.ts', () => {
  assert.deepEqual(published, structuredClone(transformJsonSchema()))
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
    assert.equal(fits(published, parse(yaml)), true)
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
    assert.equal(fits(published, parse(yaml)), false)
  })
}

type Json = Readonly<Record<string, unknown>>

/** What of JSON Schema the published one uses; a keyword without a row here fails the test. */
const KEYWORDS: Readonly<Record<string, (rule: unknown, value: unknown, schema: Json) => boolean>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  examples: () => true,
  default: () => true,
  type: (type, value) => typeOf(value) === type || (type === 'number' && typeOf(value) === 'integer'),
  const: (constant, value) => value === constant,
  enum: (words, value) => (words as readonly unknown[]).includes(value),
  anyOf: (branches, value) => (branches as readonly unknown[]).some((branch) => fits(branch, value)),
  minLength: (length, value) => typeof value !== 'string' || value.length >= Number(length),
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(String(pattern), 'u').test(value),
  minimum: (minimum, value) => typeof value !== 'number' || value >= Number(minimum),
  maximum: (maximum, value) => typeof value !== 'number' || value <= Number(maximum),
  items: (items, value) => !Array.isArray(value) || value.every((item) => fits(items, item)),
  minItems: (count, value) => !Array.isArray(value) || value.length >= Number(count),
  required: (names, value) =>
    !isMap(value) || (names as string[]).every((name) => Object.hasOwn(value, name)),
  properties: (properties, value) =>
    !isMap(value) ||
    Object.entries(properties as Json).every(
      ([name, inner]) => !Object.hasOwn(value, name) || fits(inner, value[name]),
    ),
  additionalProperties: (rule, value, schema) =>
    !isMap(value) ||
    Object.entries(value).every(
      ([name, inner]) =>
        Object.hasOwn((schema['properties'] ?? {}) as Json, name) || (rule !== false && fits(rule, inner)),
    ),
  propertyNames: (rule, value) => !isMap(value) || Object.keys(value).every((name) => fits(rule, name)),
}

function fits(schema: unknown, value: unknown): boolean {
  if (!isMap(schema)) return schema === true
  return Object.entries(schema).every(([keyword, rule]) => {
    const check = KEYWORDS[keyword]
    assert.ok(check, `the published schema has the keyword ${keyword}, which this test does not know`)
    return check(rule, value, schema)
  })
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Properties without a description, but for the words of spellings, whose values describe themselves. */
function undescribed(schema: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap((inner) => undescribed(inner, path))
  if (!isMap(schema)) return []
  const own = isMap(schema['properties']) ? Object.entries(schema['properties']) : []
  const missing = own
    .filter(([, inner]) => isMap(inner) && inner['description'] === undefined && !describedInside(inner))
    .map(([name]) => [...path, name].join('.'))
  const inner = [...own, ...Object.entries(schema).filter(([key]) => key === 'anyOf' || key === 'items')]
  return [...missing, ...inner.flatMap(([name, next]) => undescribed(next, [...path, name]))]
}

function describedInside(schema: Json): boolean {
  const branches = schema['anyOf']
  return (
    Array.isArray(branches) && branches.some((branch) => isMap(branch) && branch['description'] !== undefined)
  )
}
