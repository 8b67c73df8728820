import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { aPair, RECORDED_AT } from '../support/a-pair.ts'
import { aWorkplace, runCommand } from '../support/a-workplace.ts'

const iat = RECORDED_AT / 1000
const token = jsonwebtoken.sign({ iss: 'https://idp', iat, exp: iat + 300 }, 's'.repeat(32))
const LOGIN = aPair({
  id: 1,
  request: { method: 'POST', target: '/token?api_key=hush' },
  response: { body: JSON.stringify({ access_token: token, expires_in: 300 }) },
})
const HOME = aPair({ id: 2, request: { target: '/home' }, response: { body: 'hello' } })

const DOCUMENT = `responder:
  - id: login
    filters: { method: POST, path: /token }
    when: { query: { v: "2" } }
    extractor: http_res_body
    transforms:
      - json_path: access_token
      - jwt_resign
  - id: keys
    filters: { method: GET, status: 3xx, header: { X-Secret: hush } }
    extractor: http_res_body
    transforms: [jwks]
  - id: dates
    extractor: http_res_body
    transforms:
      - json_path: created
      - date_shift
`

suite('reseal transform explain', () => {
  test('says of each chain what it did in a pair, or what kept the pair out', async (t) => {
    const place = await aWorkplace(t, [LOGIN, HOME], DOCUMENT)
    const { code, stdout } = await place.transform('explain', '1')
    assert.equal(code, 0)
    assert.equal(
      stdout.replaceAll(place.file, 't.yaml'),
      `Pair 1  POST /token?api_key=(masked)  →  200
login  t.yaml:2
  only where the live request is as "when" says
  line 7  json_path access_token: 1 place, body $.access_token
  line 8  jwt_resign: 1 place, body $.access_token
keys  t.yaml:9
  filtered out by method (the pair has POST) and status (the pair has 200) and header
dates  t.yaml:13
  line 16  json_path created: not found, the path selects nothing
  line 17  date_shift: not found, the path selects nothing
`,
    )
  })

  test('says so of a pair that nothing changes, also as JSON', async (t) => {
    const place = await aWorkplace(t, [LOGIN, HOME], DOCUMENT)
    const { stdout } = await place.transform('explain', '2', '--json')
    const { chains } = JSON.parse(stdout) as {
      chains: { id: string; filteredBy: { filter: string }[]; steps: { notFound?: string }[] }[]
    }
    assert.deepEqual(
      chains.map(({ id, filteredBy, steps }) => [id, filteredBy.map(({ filter }) => filter), steps.length]),
      [
        ['login', ['method', 'path'], 0],
        ['keys', ['status', 'header'], 0],
        ['dates', [], 2],
      ],
    )
  })

  test('refuses a pair that is not there', async (t) => {
    const { code, stderr } = await (await aWorkplace(t, [LOGIN], DOCUMENT)).transform('explain', '9')
    assert.equal(code, 3)
    assert.match(stderr, /Snapshot t has no answered pair 9\nhint: .*reseal show t/)
  })
})

suite('reseal transform preview', () => {
  const RANDOM = `responder:
  - id: login
    filters: { path: /token }
    extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_resign: { alg: ES256, kid: remove } }]
  - id: id
    filters: { path: /home }
    extractor: { http_res_header: X-Request-Id }
    transforms: [{ uuid: {} }]
`
  const TAGGED = aPair({
    id: 2,
    request: { target: '/home' },
    response: {
      headers: [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
        ['D', '4'],
        ['X-Request-Id', '00000000-0000-4000-8000-000000000000'],
      ],
    },
  })

  test('is the same for the same moment and seed, even where the signature is another each time', async (t) => {
    const place = await aWorkplace(t, [LOGIN, TAGGED], RANDOM)
    const shown = (...flags: readonly string[]) => place.transform('preview', '--now=2030-01-31', ...flags)
    const first = await shown('--seed=a')
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(await shown('--seed=a'), first)
    assert.notDeepEqual(await shown('--seed=b'), first)
  })

  test('names the line of the document by what it changed, and decodes the new claims', async (t) => {
    const { stdout } = await (
      await aWorkplace(t, [LOGIN, TAGGED], RANDOM)
    ).transform('preview', '1', '--now=2030-01-31')
    assert.match(stdout, /^ {2}line 5, login: jwt_resign → body \$.access_token$/m)
    assert.match(stdout, /^- {5}iat: 1795176000 {2}\(2026-11-20.*\)$/m)
    assert.match(stdout, /^\+ {5}iat: 1896048000 {2}\(2030-01-31.*\)$/m)
  })

  test('shows only what changes and three lines around it with --diff', async (t) => {
    const place = await aWorkplace(t, [LOGIN, TAGGED], RANDOM)
    const { stdout } = await place.transform('preview', '2', '--diff', '--seed=a')
    assert.match(
      stdout,
      /\n…\n {2}B: 2\n {2}C: 3\n {2}D: 4\n- X-Request-Id: 0+-.*\n\+ X-Request-Id: [0-9a-f-]{36}\n/,
    )
    assert.doesNotMatch(stdout, /A: 1/)
  })
})

suite('reseal transform docs', () => {
  test('prints the reference, or the part about one word', async () => {
    const whole = await runCommand(['transform', 'docs'])
    assert.match(whole.stdout, /^# Reference of transform documents\n/)
    const word = await runCommand(['transform', 'docs', 'date_shift'])
    assert.match(word.stdout, /^### date_shift\n[^]*`by`/)
    assert.equal((await runCommand(['transform', 'docs', 'date_shft'])).code, 2)
  })
})
