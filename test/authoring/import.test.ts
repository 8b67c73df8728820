import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { importSpeedscale } from '../../src/transform/import/speedscale-import.ts'
import { runCommand } from '../support/a-workplace.ts'

const EVERY = { filters: [{ include: true }] }

/** A production document: a template in a blueprint, with all that stands beside its chains. */
const DOCUMENT = {
  blueprint: {
    id: 'bp-1',
    template: {
      id: 'jwt-test',
      tags: { team: 'pay', env: 'staging' },
      responderVariables: [{ name: 'host', value: 'hush-hush' }],
      responderExpectedEnvironment: ['API_URL'],
      generator: [{ extractor: { type: 'http_req_header', config: { header: 'A' } }, transforms: [] }],
      responder: [
        {
          filters: EVERY,
          extractor: { type: 'http_res_body' },
          transforms: [
            { type: 'json_path', config: { path: 'access_token' } },
            {
              type: 'jwt_resign',
              config: {
                secretPath: '/home/speedscale/secret/jwt-demo/tls.key',
                claims: 'a=b',
                prefixes: 'Bearer ,DPoP ',
              },
            },
          ],
        },
        {
          description: 'days of orders',
          filters: {
            operator: 'AND',
            filters: [
              { include: true, operator: 'EQUAL', detectedCommand: 'GET' },
              { include: true, operator: 'EQUAL', detectedLocation: '/orders' },
            ],
          },
          extractor: { type: 'res_body' },
          transforms: [
            { type: 'json_path', config: { path: '$.created' } },
            { type: 'date', config: { layout: '2006-01-02', precision: '24h' } },
          ],
        },
        {
          filters: EVERY,
          extractor: { type: 'http_req_body' },
          transforms: [{ type: 'json_path', config: { path: 'id' } }, { type: 'smart_replace' }],
        },
        { disabled: true, extractor: { type: 'http_res_body' }, transforms: [{ type: 'jwt_resign' }] },
        {
          colour: 'red',
          filters: EVERY,
          extractor: { type: 'http_res_header', config: { header: 'X-Id' } },
          transforms: [{ type: 'rand_string', config: { pattern: 'u[0-9]{6}' } }],
        },
      ],
    },
  },
}

suite('reseal transform import', () => {
  test("writes a document of Speedscale in reseal's spelling, and says what it leaves out", () => {
    const { yaml, chains, notes } = importSpeedscale(JSON.stringify(DOCUMENT), 'bp.json')
    assert.equal(
      yaml,
      `# Carried over from bp.json by: reseal transform import bp.json
# id: jwt-test
# tags: team=pay, env=staging
# responderVariables is not carried over (host): store a variable with var_store, or write \${{env_var:NAME}} where it stands.
# responderExpectedEnvironment: reseal reads API_URL where \${{env_var:NAME}} names it.
# generator is not carried over (1 chain): requests are those of the service under test.
version: 1
responder:
  - id: chain-1
    extractor: http_res_body
    transforms:
      - json_path: access_token
      - jwt_resign: { secretPath: jwt-demo/tls.key, prefixes: [ "Bearer ", "DPoP " ], claims: { set: { a: b } } }
  # days of orders
  - id: chain-2
    filters: { method: GET, path: /orders }
    extractor: http_res_body
    transforms:
      - json_path: $.created
      - date_shift: { format: 2006-01-02, precision: 24h }
  # chain-3 is not carried over: smart_replace makes a new value, and the chain begins in the request. Write map in its place, which learns the value that the live request has.
  #   {"filters":{"filters":[{"include":true}]},"extractor":{"type":"http_req_body"},"transforms":[{"type":"json_path","config":{"path":"id"}},{"type":"smart_replace"}]}
  # chain-4 is not carried over: It is switched off.
  #   {"disabled":true,"extractor":{"type":"http_res_body"},"transforms":[{"type":"jwt_resign"}]}
  # "colour" of chain-5 is not carried over.
  - id: chain-5
    extractor: { http_res_header: X-Id }
    transforms:
      - random: "u[0-9]{6}"
`,
    )
    assert.equal(chains, 3)
    assert.equal(notes.length, 5)
    assert.doesNotMatch(yaml + notes.join(), /hush/)
    assert.equal(parseTransformDocument(yaml, 'bp.yaml').responder.length, 3)
  })

  test('means the same as the document it was made from, for every word of the table', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/speedscale.md'), 'utf8')
    const rows = page.matchAll(/^\| (extractor|step) .*\| `(\{.*\})` \|$/gm)
    const members = [...rows].map(([, kind, example = '']): [string | undefined, unknown] => [
      kind,
      JSON.parse(example.replaceAll('\\|', '|')),
    ])
    assert.ok(members.length > 20)
    for (const [kind, member] of members) {
      const isRequest = kind === 'extractor' && /req|url|queryparam/.test(JSON.stringify(member))
      const last = isRequest
        ? { type: 'var_store', config: { name: 'v' } }
        : { type: 'constant', config: { value: 'x' } }
      const chain =
        kind === 'extractor'
          ? { id: 'a', extractor: member, transforms: [last] }
          : { id: 'a', extractor: { type: 'http_res_body' }, transforms: [member, last] }
      const source = JSON.stringify({ responder: [chain] })
      const { yaml, notes } = importSpeedscale(source, 't.json')
      assert.deepEqual(notes, [])
      assert.deepEqual(meaning(yaml), meaning(source), yaml)
    }
  })

  test('takes several templates, each with names of its own', () => {
    const template = { responder: [{ id: 'a', extractor: 'http_res_body', transforms: ['jwt_resign'] }] }
    const { yaml } = importSpeedscale(JSON.stringify([template, { template }]), 't.json')
    assert.deepEqual(
      parseTransformDocument(yaml, 't.yaml').responder.map(({ id }) => id),
      ['a', 'a-2'],
    )
  })

  test('cannot be led astray by what a document says', () => {
    const evil = 'x\n  - id: injected\n    extractor: http_res_body\n    transforms: [jwt_resign]\n  #'
    const { yaml } = importSpeedscale(
      JSON.stringify({
        id: evil,
        tags: { [evil]: evil },
        [evil]: 1,
        responder: [{ description: evil, extractor: evil, transforms: [] }],
      }),
      't.json',
    )
    assert.deepEqual(parseTransformDocument(yaml, 't.yaml').responder, [])
  })

  test('refuses what holds no template, and what is no JSON', () => {
    assert.throws(() => importSpeedscale('{"a":{"b":1}}', 't.json'), {
      code: 'TRANSFORM_INVALID',
      message: 't.json holds no transforms of Speedscale',
    })
    assert.throws(() => importSpeedscale('{"a":', 't.json'), { code: 'TRANSFORM_INVALID' })
  })

  test('prints the document, or writes a new file and never one that is there', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'reseal-import-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'bp.json')
    const written = join(directory, 'bp.yaml')
    writeFileSync(file, JSON.stringify(DOCUMENT))
    const printed = await runCommand(['transform', 'import', file])
    assert.equal(printed.code, 0)
    assert.match(printed.stdout, /^# Carried over from /)
    assert.match(printed.stderr, /^note: responderVariables is not carried over/)
    const first = await runCommand(['transform', 'import', file, '--output', written])
    assert.match(first.stderr, /wrote .*bp\.yaml: 3 chains\n$/)
    assert.equal(readFileSync(written, 'utf8'), printed.stdout)
    const second = await runCommand(['transform', 'import', file, '--output', written])
    assert.equal(second.code, 3)
    assert.match(second.stderr, /bp\.yaml is there already and stays as it is\nhint: /)
  })
})

/** What a document says, without the places where it says so. */
function meaning(source: string): unknown {
  return JSON.parse(
    JSON.stringify(parseTransformDocument(source, 't').responder, (key, value: unknown) =>
      key === 'place' ? undefined : value,
    ),
  )
}
