import assert from 'node:assert/strict'
import { DEFAULT_MATCH } from '../../src/transform/document/match-schema.ts'
import { test } from 'node:test'
import { ResealError } from '../../src/core/errors.ts'
import type { ChainDefinition, FilterDefinition } from '../../src/transform/document/definition.ts'
import {
  checkTransformDocument,
  emptyDocument,
  parseTransformDocument,
} from '../../src/transform/document/document.ts'

const MANUAL = `# yaml-language-server: $schema=../config/transforms.schema.json
version: 1
match:                                    # what makes two requests the same
  ignore: { query: [ts], json: [$.requestId] }
responder:
  - id: login
    filters: { method: POST, path: /oauth/token }
    extractor: http_res_body
    transforms:
      - json_path: access_token
      - jwt_resign: { secretPath: jwt-demo/tls.key }
`

const SPEEDSCALE =
  '{"id":"jwt-test","responder":[{"filters":{"filters":[{"include":true}]},"extractor":{"type":"http_res_body"},"transforms":[{"type":"json_path","config":{"path":"access_token"}},{"type":"jwt_resign","config":{"secretPath":"/home/speedscale/secret/jwt-demo/tls.key"}}]}]}'

const RESIGN_DEFAULTS = {
  type: 'jwt_resign',
  keys: [],
  alg: 'keep',
  kid: 'auto',
  proofs: {},
  header: { set: {}, delete: [] },
  claims: { set: {}, delete: [] },
  time: 'shift',
  timeClaims: [],
  transition: 3_600_000,
  prefixes: ['Bearer '],
}

test('the document of the manual is read with the place of every part', () => {
  const place = (line: number, column: number) => ({ file: 'demo.yaml', line, column })
  assert.deepEqual(parseTransformDocument(MANUAL, 'demo.yaml'), {
    file: 'demo.yaml',
    version: 1,
    match: {
      ...DEFAULT_MATCH,
      ignore: { ...DEFAULT_MATCH.ignore, query: ['ts'], json: ['$.requestId'] },
    },
    issuers: undefined,
    redact: undefined,
    faults: [],
    responder: [
      {
        id: 'login',
        place: place(6, 5),
        filters: { method: ['POST'], path: ['/oauth/token'], host: [], status: [] },
        extractor: { type: 'http_res_body', place: place(8, 16) },
        steps: [
          { type: 'json_path', path: 'access_token', place: place(10, 20) },
          { ...RESIGN_DEFAULTS, secretPath: 'jwt-demo/tls.key', place: place(11, 21) },
        ],
      },
    ],
  })
})

test('the same document means the same in both spellings, as YAML and as JSON', () => {
  const ours = {
    responder: [
      {
        extractor: 'http_res_body',
        transforms: [
          { json_path: 'access_token' },
          { jwt_resign: { secretPath: '/home/speedscale/secret/jwt-demo/tls.key' } },
        ],
      },
    ],
  }
  const theirsAsYaml = `
id: jwt-test
responder:
  - filters: { filters: [{ include: true }] }
    extractor: { type: res_body }
    transforms:
      - type: json_path
        config: { path: access_token }
      - type: jwt_resign
        config:
          secretPath: /home/speedscale/secret/jwt-demo/tls.key
`
  const expected = meaningOf(SPEEDSCALE)
  assert.equal(expected[0]?.id, 'responder[0]')
  assert.deepEqual(meaningOf(theirsAsYaml), expected)
  assert.deepEqual(meaningOf(JSON.stringify(ours)), expected)
  assert.deepEqual(meaningOf(JSON.stringify(ours, null, '\t')), expected)
  assert.deepEqual(meaningOf(`\uFEFF${JSON.stringify(ours, null, 2).replaceAll('\n', '\r\n')}`), expected)
})

test('a step is written as a bare word, as a map of one word, or with type and config', () => {
  const step = (written: string) => steps(`jwt_resign, ${written}`)[1]
  for (const written of ['jwt_resign', 'jwt_resign: ', '{ jwt_resign: {} }', '{ type: jwt_resign }']) {
    assert.deepEqual(step(written), RESIGN_DEFAULTS)
  }
  for (const written of [
    'json_path: $..t',
    'json_path: { path: $..t }',
    '{ type: json_path, config: { path: $..t } }',
  ]) {
    assert.deepEqual(step(written), { type: 'json_path', path: '$..t' })
  }
  assert.deepEqual(step('find: jwt'), { type: 'find', what: 'jwt' })
  assert.deepEqual(step('jwt_claim: act'), { type: 'jwt_claim', claim: 'act' })
  assert.deepEqual(step('jwks'), { type: 'jwks' })
})

test('a header extractor is written with its name alone, as an option, or with type and config', () => {
  for (const written of [
    '{ http_res_header: Set-Cookie }',
    '{ http_res_header: { name: Set-Cookie } }',
    '{ type: http_res_header, config: { name: Set-Cookie } }',
  ]) {
    const { extractor } = chain(`extractor: ${written}`)
    assert.deepEqual(
      { ...extractor, place: undefined },
      { type: 'http_res_header', name: 'Set-Cookie', place: undefined },
    )
  }
})

test('every option of jwt_resign is read with its type', () => {
  const written = `jwt_resign: { secretPath: a/b, passphrasePath: a/c, encoding: base64url, trim: true, alg: ES256,
      kid: { value: k1 }, proofs: { jku: reissue }, header: { set: { typ: at+jwt, n: 1 }, delete: [x5c] }, time: { ttl: 1h30m },
      claims: { set: { admin: true, aud: [a, b], none: null, deep: { n: 1.5 } }, delete: [nonce] },
      timeClaims: [session_exp], transition: 10m, prefixes: ['', 'DPoP '] }`
  assert.deepEqual(steps(written)[0], {
    type: 'jwt_resign',
    secretPath: 'a/b',
    keys: [],
    passphrasePath: 'a/c',
    encoding: 'base64url',
    trim: true,
    alg: 'ES256',
    kid: { value: 'k1' },
    proofs: { jku: 'reissue' },
    header: { set: { typ: 'at+jwt', n: 1 }, delete: ['x5c'] },
    claims: { set: { admin: true, aud: ['a', 'b'], none: null, deep: { n: 1.5 } }, delete: ['nonce'] },
    time: { ttlMs: 5_400_000 },
    timeClaims: ['session_exp'],
    transition: 600_000,
    prefixes: ['', 'DPoP '],
  })
})

test("Speedscale's replacements for claims become claims to set, and its prefixes a list", () => {
  const config =
    '{ secretPath: a/b, iss: I, aud: A, sub: S, claims: "k1=v1,k2=a=b", prefixes: "Bearer ,my " }'
  assert.deepEqual(steps(`{ type: jwt_resign, config: ${config} }`)[0], {
    ...RESIGN_DEFAULTS,
    secretPath: 'a/b',
    claims: { set: { iss: 'I', aud: 'A', sub: 'S', k1: 'v1', k2: 'a=b' }, delete: [] },
    prefixes: ['Bearer ', 'my '],
  })
})

const FILTERS: readonly (readonly [written: string, filters: Partial<FilterDefinition>])[] = [
  ['{}', {}],
  ['{ method: post }', { method: ['POST'] }],
  [
    '{ method: [GET, POST], host: Auth.Example.com }',
    { method: ['GET', 'POST'], host: ['auth.example.com'] },
  ],
  ['{ path: [/a/*, /**/token] }', { path: ['/a/*', '/**/token'] }],
  ['{ status: 200 }', { status: [200] }],
  ['{ status: [2xx, 404, "301"] }', { status: ['2xx', 404, 301] }],
  ['{ filters: [{ include: true }] }', {}],
  ['{ filters: [{ include: true, operator: EQUAL, host: A.b }] }', { host: ['a.b'] }],
  ['{ filters: [{ include: true, operator: CONTAINS, host: a.b }] }', { host: ['*a.b*'] }],
  ['{ filters: [{ include: true, operator: IS, detectedLocation: /t }] }', { path: ['/t'] }],
  ['{ filters: [{ include: true, operator: CONTAINS, detectedLocation: /t }] }', { path: ['**/*/t*/**'] }],
  [
    '{ operator: AND, filters: [{ include: true, operator: IS, detectedCommand: POST }, { include: true, operator: IS, detectedStatus: "200" }] }',
    { method: ['POST'], status: [200] },
  ],
  [
    '{ operator: OR, filters: [{ include: true, operator: IS, host: a }, { include: true, operator: IS, host: b }] }',
    { host: ['a', 'b'] },
  ],
  ['{ operator: OR, filters: [{ include: true }, { include: true, operator: IS, host: b }] }', {}],
  [
    '{ operator: AND, filters: [{ include: true }, { include: true, operator: IS, host: b }] }',
    { host: ['b'] },
  ],
]

for (const [written, filters] of FILTERS) {
  test(`filters ${written} are read`, () => {
    const none = { method: [], path: [], host: [], status: [] }
    assert.deepEqual(chain(`extractor: http_res_body\n    filters: ${written}`).filters, {
      ...none,
      ...filters,
    })
  })
}

test('anchors, aliases and merge keys serve to repeat options', () => {
  const source = `responder:
  - extractor: http_res_body
    transforms:
      - jwt_resign: &key { secretPath: a/b }
  - extractor: http_res_body
    transforms:
      - jwt_resign: { <<: *key, alg: ES256 }
`
  const [, second] = parseTransformDocument(source, 'demo.yaml').responder
  assert.equal(second?.steps[0]?.type === 'jwt_resign' && second.steps[0].secretPath, 'a/b')
})

test('a file without a value is an empty document', () => {
  assert.deepEqual(parseTransformDocument('', 'demo.yaml'), emptyDocument('demo.yaml'))
  assert.deepEqual(parseTransformDocument('# nothing yet\n', 'demo.yaml'), emptyDocument('demo.yaml'))
})

test('one run tells every mistake, in the order of the lines', () => {
  const source = `respnder: []
responder:
  - filters: { status: 700 }
    extractor: http_res_bdy
    transforms: [jwt_rsign, jwks]
`
  const { document, errors } = checkTransformDocument(source, 'demo.yaml')
  assert.equal(document, undefined)
  assert.deepEqual(
    errors.map(({ message, place }) => `${place?.line}:${place?.column} ${message}`),
    [
      '1:1 "respnder" is not a key of a transform document',
      '3:24 "status" of filters must be 599 or less',
      '4:16 There is no extractor "http_res_bdy"',
      '5:18 There is no step "jwt_rsign"',
    ],
  )
})

test('the thrown error is the first one, and its hint names the places of the others', () => {
  assert.throws(
    () => parseTransformDocument('respnder: []\nversion: 2\nmatch: 5\n', 'demo.yaml'),
    (error) => {
      assert.ok(error instanceof ResealError)
      assert.equal(error.code, 'TRANSFORM_INVALID')
      assert.equal(error.exitCode, 3)
      assert.equal(error.message, '"respnder" is not a key of a transform document')
      assert.deepEqual(error.place, { file: 'demo.yaml', line: 1, column: 1 })
      assert.equal(error.excerpt, '1 | respnder: []\n  | ^')
      assert.equal(error.hint, 'Did you mean "responder"? The file has 2 more mistakes, at 2:10, 3:8.')
      return true
    },
  )
})

test('a file past 1 MiB and a document nested without end are refused at once', () => {
  const large = checkTransformDocument(' '.repeat(1024 * 1024 + 1), 'demo.yaml')
  assert.deepEqual(
    large.errors.map(({ message, excerpt }) => [message, excerpt]),
    [['The file is larger than 1 MiB', undefined]],
  )
  const deep = checkTransformDocument('['.repeat(6000), 'demo.yaml')
  assert.deepEqual(
    deep.errors.map(({ message }) => message),
    ['Values are nested too deep to be read'],
  )
})

function chain(rest: string): ChainDefinition {
  const [only] = parseTransformDocument(
    `responder:\n  - transforms: [jwks]\n    ${rest}\n`,
    'demo.yaml',
  ).responder
  assert.ok(only)
  return only
}

/** Steps of a flow list as written, without their places. */
function steps(written: string): readonly object[] {
  const source = `responder:\n  - extractor: http_res_body\n    transforms: [${written}]\n`
  return meaningOf(source).flatMap((chain) => chain.steps)
}

function meaningOf(
  source: string,
): readonly { id: string; filters: object; extractor: string; steps: readonly object[] }[] {
  return parseTransformDocument(source, 'demo').responder.map(({ id, filters, extractor, steps }) => ({
    id,
    filters,
    extractor: extractor.type,
    steps: steps.map((step) => Object.fromEntries(Object.entries(step).filter(([key]) => key !== 'place'))),
  }))
}
