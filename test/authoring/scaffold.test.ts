import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { extendScaffold, scaffold } from '../../src/transform/scaffold/scaffold.ts'
import { aPair, RECORDED_AT } from '../support/a-pair.ts'
import { aSource } from '../support/a-source.ts'
import { aWorkplace } from '../support/a-workplace.ts'

const iat = RECORDED_AT / 1000
const token = jsonwebtoken.sign({ iss: 'https://idp', iat, exp: iat + 300 }, 's'.repeat(32))
const JSON_TYPE = [['Content-Type', 'application/json']] as const

function answering(id: number, target: string, body: object, method = 'GET'): RRPair {
  return aPair({
    id,
    request: { method, target },
    response: { headers: JSON_TYPE, body: JSON.stringify(body) },
  })
}

const LOGIN = answering(1, '/token', { access_token: token, expires_in: 300 }, 'POST')
const SESSION = answering(2, '/session', { jwt: token })

function scaffolded(...pairs: readonly RRPair[]): string {
  return scaffold(aSource(...pairs), { snapshot: 't', schemaPath: undefined }).yaml
}

function extended(yaml: string, ...pairs: readonly RRPair[]): string {
  const made = extendScaffold(yaml, 't.yaml', aSource(...pairs))
  parseTransformDocument(made.yaml, 't.yaml')
  return made.yaml
}

function chainsOf(yaml: string): string {
  return yaml.slice(yaml.indexOf('responder:'))
}

suite('a scaffold', () => {
  test('lets a discovery document lead to the replay', () => {
    const yaml = scaffolded(
      answering(1, '/.well-known/openid-configuration', {
        issuer: 'https://idp',
        jwks_uri: 'https://idp/jwks',
      }),
    )
    assert.equal(
      chainsOf(yaml),
      `responder:
  # Pair 1 answers with a discovery document: its URLs lead to the replay. The issuer stays, as tokens name it.
  - id: get-.well-known-openid-configuration
    filters: { method: GET, path: /.well-known/openid-configuration }
    extractor: http_res_body
    transforms:
      - issuer_metadata: {}
`,
    )
  })

  test('moves dates after which something is over, where no token beside them does', () => {
    const yaml = scaffolded(
      answering(1, '/lease', {
        lease: { validUntil: '2026-11-20T13:00:00Z', created: '2026-11-20T11:00:00Z' },
      }),
      answering(2, '/introspect', { active: true, exp: iat + 300, iat }),
      answering(3, '/token', { access_token: token, expires_at: iat + 300 }),
    )
    assert.match(yaml, /- json_path: lease\.validUntil\n {6}- date_shift: \{\}\n/)
    assert.match(yaml, /- json_path: (["']?)\$\['exp', 'iat'\]\1\n {6}- date_shift: \{\}\n/)
    assert.equal(yaml.match(/date_shift/g)?.length, 2)
    parseTransformDocument(yaml, 't.yaml')
  })

  test('lets logins match whatever their client made up, and gives the state back', () => {
    const yaml = scaffolded(
      aPair({
        id: 1,
        request: { target: '/authorize?client_id=a&state=s1&nonce=n1&code_challenge=c1' },
        response: { status: 302, headers: [['Location', 'https://app/cb?code=1&state=s1']] },
      }),
      aPair({
        id: 2,
        request: {
          method: 'POST',
          target: '/token',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
          body: 'grant_type=authorization_code&code=1&code_verifier=v',
        },
      }),
      answering(3, '/towns?state=CA', { ok: true }),
    )
    assert.match(
      yaml,
      /\nmatch:\n {2}rules:\n {4}- filters: \{ method: GET, path: \/authorize \}\n {6}ignore: \{ query: \[state, nonce, code_challenge\] \}\n {4}- filters: \{ method: POST, path: \/token \}\n {6}ignore: \{ form: \[code_verifier\] \}\nresponder:/,
    )
    assert.match(
      yaml,
      /- id: get-authorize-state\n.*\n {4}extractor: \{ http_res_header: Location \}\n {4}transforms:\n {6}- query_param: state\n {6}- from_request: \{ query: state \}\n/,
    )
    assert.doesNotMatch(yaml, /towns/)
    parseTransformDocument(yaml, 't.yaml')
  })
})

suite('a scaffold of a document that is there', () => {
  const edited = `# mine
version:   1
responder:   # all of them
    # by hand
    -   id: entry          # renamed
        filters: {path: '/tok*'}
        extractor: http_res_body
        transforms: [ {find: jwt},
                      {jwt_resign: {alg:  ES256}} ]
        # not yet:
        #   - jwt_resign

# the end
faults: []
`

  test('leaves it as it is when it has all that is needed', () => {
    assert.equal(extended(edited, LOGIN), edited)
  })

  test('adds only what is new, behind the last chain, and keeps every byte', () => {
    const added = `    # Pair 2 answers with a JWT:
    #   HS256, from https://idp, lived 5m
    - id: get-session-jwt
      filters: { method: GET, path: /session }
      extractor: http_res_body
      transforms:
        - json_path: jwt
        - jwt_resign: {}
`
    const at = edited.indexOf('\n# the end')
    assert.equal(extended(edited, LOGIN, SESSION), edited.slice(0, at) + added + edited.slice(at))
    const again = extended(edited, LOGIN, SESSION)
    assert.equal(extended(again, LOGIN, SESSION), again)
  })

  test('is itself again for every snapshot it was made for', () => {
    const yaml = scaffolded(LOGIN, SESSION)
    assert.equal(extended(yaml, LOGIN, SESSION), yaml)
  })

  test('keeps its line ends', () => {
    const yaml = extended(edited.replaceAll('\n', '\r\n'), LOGIN, SESSION)
    assert.equal(/(?<!\r)\n/.test(yaml), false)
  })

  test('leaves out a chain that its user commented out', () => {
    const yaml = scaffolded(LOGIN, SESSION).replace('  - id: get-session-jwt', '  # - id: get-session-jwt')
    const cut = `${yaml.slice(0, yaml.indexOf('\n', yaml.indexOf('# - id')))}\n`
    assert.equal(extended(cut, LOGIN, SESSION), cut)
  })

  test('fills an empty list, and one that is not there', () => {
    const items = chainsOf(scaffolded(SESSION)).replace('responder:\n', '')
    for (const [before, after] of [
      ['version: 1\nresponder: [] # none\n', `version: 1\nresponder: # none\n${items}`],
      ['version: 1\nresponder: []', `version: 1\nresponder:\n${items}`],
      ['version: 1\n', `version: 1\nresponder:\n${items}`],
      ['# nothing yet\n', `# nothing yet\nresponder:\n${items}`],
      ['', `responder:\n${items}`],
      ['responder: []\nfaults: []\n', `responder:\n${items}faults: []\n`],
    ] as const) {
      assert.equal(extended(before, SESSION), after)
    }
  })

  test('cannot grow where it is written in braces, and says so', () => {
    const json = '{"responder":[{"extractor":"http_res_body","transforms":["jwks"]}]}'
    assert.throws(() => extended(json, SESSION), {
      code: 'TRANSFORM_INVALID',
      message: 't.yaml is written in braces, and lines cannot be added to it',
    })
  })

  test('gets rules for logins before its chains, unless it has a match, which is its own affair', () => {
    const login = aPair({
      request: { target: '/authorize?client_id=a&nonce=n1' },
      response: { status: 302, headers: [['Location', 'https://app/cb?code=1']] },
    })
    const rules =
      '# What a client makes up for each login does not make it another question.\nmatch:\n  rules:\n    - filters: { method: GET, path: /authorize }\n      ignore: { query: [nonce] }\n'
    const yaml = 'version: 1\n# chains\nresponder: []\n'
    assert.equal(extended(yaml, login), yaml.replace('# chains', `${rules}# chains`))
    const own = 'match: { session: connection }\nresponder: []\n'
    const made = extendScaffold(own, 't.yaml', aSource(login))
    assert.equal(made.yaml, own)
    assert.match(
      made.notes.join(),
      /match\.rules as well: - filters: \{ method: GET, path: \/authorize \} ignore:/,
    )
    const ignoring = 'match: { ignore: { query: nonce } }\nresponder: []\n'
    assert.deepEqual(extendScaffold(ignoring, 't.yaml', aSource(login)).notes, [])
  })
})

suite('reseal transform scaffold', () => {
  test('writes, adds, and shows what it would do without doing it', async (t) => {
    const place = await aWorkplace(t, [LOGIN, SESSION])
    const dry = await place.transform('scaffold', '--dry-run')
    assert.match(dry.stderr, /^would write .*t\.yaml\n$/)
    assert.throws(() => place.document(), /ENOENT/)
    assert.match((await place.transform('scaffold')).stderr, /^wrote .*t\.yaml\n$/)
    const whole = place.document()
    assert.match((await place.transform('scaffold')).stderr, /has all that the snapshot needs\n$/)
    const less = whole.slice(0, whole.indexOf('  # Pair 2'))
    place.write(less)
    const diff = await place.transform('scaffold', '--diff')
    assert.match(diff.stdout, /^\+ {2}- id: get-session-jwt$/m)
    assert.doesNotMatch(diff.stdout, /^-[^-]/m)
    assert.match(
      (await place.transform('scaffold', '--dry-run')).stderr,
      /^would add to .*t\.yaml: 1 chain, get-session-jwt\n$/,
    )
    assert.equal(place.document(), less)
    assert.match((await place.transform('scaffold')).stderr, /^added to .*t\.yaml: 1 chain/)
    assert.equal(place.document(), whole)
  })
})
