import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import type { ValidateFunction } from 'ajv'
import Ajv04 from 'ajv-draft-04'
import jsonwebtoken from 'jsonwebtoken'
import { aPair, RECORDED_AT } from '../support/a-pair.ts'
import { aWorkplace } from '../support/a-workplace.ts'

const staging = generateKeyPairSync('rsa', { modulusLength: 2048 })
const iat = RECORDED_AT / 1000
const token = jsonwebtoken.sign({ iss: 'https://idp', iat, exp: iat + 300 }, staging.privateKey, {
  algorithm: 'RS256',
  keyid: 'k1',
})
const jwk = { ...staging.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }

const LOGIN = aPair({
  id: 1,
  request: { method: 'POST', target: '/token' },
  response: { body: JSON.stringify({ access_token: token, expires_in: 300 }) },
})
const JWKS = aPair({
  id: 2,
  request: { target: '/jwks' },
  response: { body: JSON.stringify({ keys: [jwk] }) },
})

function chain(id: string, path: string, ...transforms: readonly string[]): string {
  const steps = transforms.map((step) => `      - ${step}\n`).join('')
  return `  - id: ${id}\n    filters: { path: ${path} }\n    extractor: http_res_body\n    transforms:\n${steps}`
}

const SIGNING = chain('login', '/token', 'json_path: access_token', 'jwt_resign: {}')
const PUBLISHING = chain('keys', '/jwks', 'jwks')

/** The schema of SARIF 2.1.0 that OASIS published, as SchemaStore has it and Microsoft's package brings it. */
function sarifValidator(): ValidateFunction {
  const file = 'lib/schemas/sarif-2.1.0-rtm.5.json'
  const directory = dirname(createRequire(import.meta.url).resolve('@microsoft/jest-sarif/package.json'))
  const schema: unknown = JSON.parse(readFileSync(join(directory, file), 'utf8'))
  assert.ok(typeof schema === 'object' && schema !== null)
  const formats = { uri: URL_OR_PATH, 'uri-reference': URL_OR_PATH, 'date-time': true } as const
  return new Ajv04.default({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    unicodeRegExp: false,
    formats,
  }).compile(schema)
}

/** No white space and no backslash, as RFC 3986 has it. */
const URL_OR_PATH = /^[^\s\\]*$/

suite('reseal transform check', () => {
  test('is content with a document that makes everything believable, also when it is strict', async (t) => {
    const place = await aWorkplace(t, [LOGIN, JWKS], `responder:\n${SIGNING}${PUBLISHING}`)
    const { code, stdout } = await place.transform('check', '--strict')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /every step applies\n$/)
  })

  test('tells every mistake of the document, with its line, caret and hint', async (t) => {
    const yaml = `responder:\n${chain('a', 'token', 'json_pth: x', 'jwt_resign: { alg: RS25 }')}`
    const { code, stderr } = await (await aWorkplace(t, [LOGIN], yaml)).transform('check')
    assert.equal(code, 3)
    const heads = stderr.split('\n').filter((line) => line.startsWith('error: '))
    assert.deepEqual(
      heads.map((line) => line.replace(/.*t\.yaml:/, '')),
      [
        '3:22: "path" of filters must begin with / or *',
        '6:9: There is no step "json_pth"',
        '7:28: "alg" of jwt_resign must be keep, auto or the name of an algorithm, not "RS25"',
      ],
    )
    assert.match(stderr, /6 \| {7}- json_pth: x\n {2}\| {9}\^\nhint: Did you mean "json_path"\?\n/)
    assert.match(stderr, /t\.yaml: 3 mistakes\n$/)
  })

  test('tells every step that cannot work, not the first alone', async (t) => {
    const yaml = `responder:\n${chain('a', '/token', 'json_path: access_token', 'jwt_resign: { secretPath: no/key }', 'jwt_resign: { secretPath: nor/this }')}${chain('b', '/jwks', 'jwt_resign: { issuer: nobody }')}`
    const { code, stdout } = await (await aWorkplace(t, [LOGIN], yaml)).transform('check', '--json')
    const { error, problems } = JSON.parse(stdout) as {
      error: { code: string }
      problems: { rule: string; place: { line: number } }[]
    }
    assert.equal(code, 5)
    assert.equal(error.code, 'SECRET_MISSING')
    assert.deepEqual(
      problems.map(({ rule, place }) => [rule, place.line]),
      [
        ['SECRET_MISSING', 7],
        ['SECRET_MISSING', 8],
        ['TRANSFORM_INVALID', 13],
      ],
    )
  })

  test('fails on a step that applies nowhere', async (t) => {
    const yaml = `responder:\n${chain('a', '/token', 'json_path: id_token', 'jwt_resign')}`
    const { code, stdout } = await (await aWorkplace(t, [LOGIN], yaml)).transform('check')
    assert.equal(code, 4)
    assert.match(
      stdout,
      /error: .*t\.yaml:6:20: json_path id_token of a applies nowhere: .*\n6 \| .*\n.*\^\n/,
    )
  })

  test('only when strict fails on a token that nobody re-signs', async (t) => {
    const place = await aWorkplace(t, [LOGIN, JWKS], 'responder: []\n')
    assert.equal((await place.transform('check')).code, 0)
    const { code, stdout } = await place.transform('check', '--strict')
    assert.equal(code, 4)
    assert.match(
      stdout,
      /error: .*t\.yaml:1:1: A token in the body of POST \/token \(pair 1\) is re-signed by nothing\n.*\n.*\nhint: .*reseal transform scaffold t\n/,
    )
  })

  for (const [what, ...steps] of [
    ['jwt_claims', 'jwt_claims: { set: { admin: true } }'],
    ['jwt_claim and set', 'jwt_claim: iss', 'set: https://other'],
    ['jwt_header and set', 'jwt_header: kid', 'set: k2'],
  ] as const) {
    test(`when strict fails on a token that ${what} changes and nothing signs again`, async (t) => {
      const login = chain('login', '/token', 'json_path: access_token', ...steps)
      const place = await aWorkplace(t, [LOGIN, JWKS], `responder:\n${login}`)
      assert.equal((await place.transform('check')).code, 0)
      const { code, stdout } = await place.transform('check', '--strict')
      assert.equal(code, 4)
      assert.match(
        stdout,
        /error: .*t\.yaml:7:\d+: A token in the body of POST \/token \(pair 1\) is changed and not signed again, so that no one can believe it\n.*\n.*\nhint: End the chain with jwt_resign, behind the steps that change the token\.\n/,
      )
      assert.doesNotMatch(stdout, /re-signed by nothing/)
    })
  }

  test('a change of claims that a later chain signs is believed', async (t) => {
    const claims = chain(
      'claims',
      '/token',
      'json_path: access_token',
      'jwt_claims: { set: { admin: true } }',
    )
    const place = await aWorkplace(t, [LOGIN, JWKS], `responder:\n${claims}${SIGNING}${PUBLISHING}`)
    const { code, stdout } = await place.transform('check', '--strict')
    assert.equal(code, 0, stdout)
  })

  test('when strict fails on a token that has expired when it is served', async (t) => {
    const kept = chain('login', '/token', 'json_path: access_token', 'jwt_resign: { time: keep }')
    const place = await aWorkplace(t, [LOGIN, JWKS], `responder:\n${kept}${PUBLISHING}`)
    const { code, stdout } = await place.transform('check', '--strict')
    assert.equal(code, 4)
    assert.match(
      stdout,
      /A token in the answer to POST \/token \(pair 1\) has expired when it is served: body, on 2026-11-20/,
    )
  })

  test('when strict fails on a key that no JWKS of the snapshot publishes', async (t) => {
    const place = await aWorkplace(t, [LOGIN, JWKS], `responder:\n${SIGNING}`)
    const { code, stdout } = await place.transform('check', '--strict')
    assert.equal(code, 4)
    assert.match(
      stdout,
      /error: .*t\.yaml:7:\d+: A token in the body of POST \/token \(pair 1\) is signed with a key that no JWKS of the snapshot publishes\n/,
    )
  })

  test('does not ask for a JWKS where a mounted key signs and the snapshot has none', async (t) => {
    const mounted = chain(
      'login',
      '/token',
      'json_path: access_token',
      'jwt_resign: { secretPath: idp/tls.key }',
    )
    const place = await aWorkplace(t, [LOGIN], `responder:\n${mounted}`)
    mkdirSync(join(place.directory, 'secrets', 'idp'), { recursive: true })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(
      join(place.directory, 'secrets', 'idp', 'tls.key'),
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
    assert.equal((await place.transform('check', '--strict')).code, 0)
  })

  test('writes GitHub annotations', async (t) => {
    const yaml = `responder:\n${chain('a', '/token', 'json_path: id_token', 'jwt_resign')}`
    const { code, stdout } = await (await aWorkplace(t, [LOGIN], yaml)).transform('check', '--format=github')
    assert.equal(code, 4)
    assert.match(
      stdout,
      /^::error file=[^,]*t\.yaml,line=6,col=20,title=reseal unused-step::json_path id_token of a applies nowhere[^\n]*\n::error /,
    )
  })

  test('writes SARIF 2.1.0, of what loads and of what does not', async (t) => {
    const validate = sarifValidator()
    for (const step of ['json_path: id_token', 'json_pth: x']) {
      const yaml = `responder:\n${chain('a', '/token', step, 'jwt_resign')}`
      const { stdout } = await (await aWorkplace(t, [LOGIN], yaml)).transform('check', '--format=sarif')
      const log: unknown = JSON.parse(stdout)
      assert.equal(validate(log), true, JSON.stringify(validate.errors))
    }
    const empty = await (await aWorkplace(t, [LOGIN], 'responder: []\n')).transform('check', '--format=sarif')
    assert.equal(validate(JSON.parse(empty.stdout)), true, JSON.stringify(validate.errors))
  })

  test('knows no other format', async (t) => {
    const { code, stderr } = await (await aWorkplace(t, [LOGIN], '')).transform('check', '--format=sarf')
    assert.equal(code, 2)
    assert.match(stderr, /There is no format "sarf"\nhint: Did you mean "sarif"\?/)
  })
})
