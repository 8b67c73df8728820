import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ENDPOINTS } from '../../src/issuer/endpoints/endpoints.ts'
import { GRANTS } from '../../src/issuer/grants/grant-types.ts'
import { anIssuer, assertRefused, basic, type TestIssuer } from './support/an-issuer.ts'
import { codeTokens } from './support/code-flow.ts'

const PATHS = Object.values(ENDPOINTS).flatMap(({ paths }) => paths)
const NAMES = (
  'grant_type client_id client_secret client_assertion client_assertion_type scope code redirect_uri ' +
  'code_verifier refresh_token username password token subject_token subject_token_type actor_token ' +
  'actor_token_type assertion device_code user_code login response_type response_mode state nonce ' +
  'code_challenge code_challenge_method prompt max_age login_hint id_token_hint request request_uri ' +
  'resource audience decision access_token post_logout_redirect_uri expired raw tamper'
).split(' ')

const BAD_VALUES = [
  '',
  '\0',
  '\r\nSet-Cookie: a=b',
  '"><script>alert(1)</script>',
  '%',
  '%00',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '-1',
  '1e400',
  '{}',
  '[]',
  '😀',
  '\ud800',
  'a'.repeat(5000),
  'eyJ.eyJ.',
  'eyJhbGciOiJub25lIn0.e30.',
  'javascript:alert(1)',
  'https://evil.example',
  'https://a\\@b',
  'urn:x',
  'code',
]

suite('whatever is sent', () => {
  test('is answered with less than 500, no line of the sender’s in a header, and its markup escaped', async () => {
    const test = await anIssuer({
      clients: [{ clientId: 'app', secret: 's' }],
      users: [{ username: 'alice' }],
    })
    const { access_token: access } = await codeTokens(await anIssuer({ login: 'auto' }))
    const value = fc.oneof(
      fc.constantFrom(...BAD_VALUES, ...GRANTS.keys(), 'app', 'alice', 'openid', String(access)),
      fc.string({ unit: 'binary', maxLength: 30 }),
    )
    const form = fc.array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 12 })
    const header = fc.oneof(
      fc.constant([]),
      fc.constantFrom(
        [basic('app', 's')],
        [['Authorization', 'Basic ====='] as const],
        [['Authorization', 'Bearer ..'] as const],
        [['Cookie', 'reseal_session=;;=; reseal_session=x'] as const],
        [['Content-Type', 'text/plain'] as const],
        [['Content-Encoding', 'gzip'] as const],
        [['Accept', 'application/token-introspection+jwt'] as const],
      ),
    )
    const method = fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT')
    await fc.assert(
      fc.asyncProperty(method, fc.constantFrom(...PATHS), form, header, fc.boolean(), (...sent) =>
        isHarmless(test, ...sent),
      ),
      { numRuns: 1500 },
    )
  })

  test('almost right, with one parameter wrong, is answered with less than 500 too', async () => {
    const test = await anIssuer({ login: 'auto', users: [{ username: 'alice' }] })
    const tokens = await codeTokens(test)
    const wrong = fc.oneof(fc.constantFrom(...BAD_VALUES), fc.string({ unit: 'binary', maxLength: 30 }))
    const requests = almostRight(String(tokens['access_token']), String(tokens['id_token']))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...requests),
        fc.nat(),
        wrong,
        fc.boolean(),
        async (request, at, value, secret) => {
          const [path, form] = request
          const names = Object.keys(form)
          const name = names[at % names.length] ?? 'x'
          const sent = Object.entries({ ...form, [name]: value })
          await isHarmless(test, 'POST', path, sent, secret ? [basic('app', 's')] : [], false)
        },
      ),
      { numRuns: 1500 },
    )
  })

  test('as a body of random bytes is refused', async () => {
    const { post } = await anIssuer()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PATHS),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        async (path, body) => {
          const { status } = await post(path, body, [FORM])
          assert.ok(status < 500, `${path} ${status}`)
        },
      ),
      { numRuns: 500 },
    )
  })

  for (const path of ['/auth', '/auth/login']) {
    test(`as JSON 10,000 deep or larger than 1 MiB is refused by ${path}`, async () => {
      const { post } = await anIssuer()
      const bodies = [
        `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
        '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
        '['.repeat(500_000),
        `{"a":"${'x'.repeat(1_048_576)}"}`,
        '"\\'.repeat(300_000),
      ]
      for (const body of bodies) assertRefused(await post(path, body), 400, 'invalid_request')
    })
  }

  test('in many parameters, or a large form, is refused', async () => {
    const { post } = await anIssuer()
    const many = Array.from({ length: 100_000 }, (_, n) => `a${n}=1`).join('&')
    assertRefused(await post('/token', many, [FORM]), 400, 'invalid_request')
    assertRefused(await post('/token', 'a'.repeat(1_048_577), [FORM]), 400, 'invalid_request')
  })

  test('leaves the issuer as it was: stores are bounded', async () => {
    const test = await anIssuer({ login: 'auto' })
    for (let n = 0; n < 10_001; n += 1) await test.post('/device_authorization', { client_id: 'a' })
    const { status } = await test.post('/token', { grant_type: 'client_credentials', client_id: 'a' })
    assert.equal(status, 200)
  })
})

/** Requests that are answered with what they ask for. */
function almostRight(access: string, id: string): readonly (readonly [string, Record<string, string>])[] {
  const type = 'urn:ietf:params:oauth:token-type:access_token'
  const grant = 'urn:ietf:params:oauth:grant-type'
  const client = {
    client_id: 'app',
    client_secret: 's',
    scope: 'openid',
    resource: 'https://api.example.com',
  }
  const authorization = {
    client_id: 'app',
    redirect_uri: 'https://app.example.com/cb',
    response_type: 'code id_token token',
    response_mode: 'form_post',
    scope: 'openid',
    state: 's',
    nonce: 'n',
    prompt: 'login',
    max_age: '5',
    id_token_hint: id,
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  }
  return [
    ['/token', { grant_type: 'client_credentials', ...client }],
    ['/token', { grant_type: 'password', username: 'alice', password: 'x', ...client }],
    [
      '/token',
      { grant_type: `${grant}:token-exchange`, subject_token: access, subject_token_type: type, ...client },
    ],
    ['/token', { grant_type: `${grant}:jwt-bearer`, assertion: id, ...client }],
    ['/token', { grant_type: `${grant}:device_code`, device_code: 'x', ...client }],
    ['/authorize', authorization],
    ['/par', authorization],
    ['/introspect', { ...client, token: access, token_type_hint: 'access_token' }],
    ['/revoke', { ...client, token: access }],
    ['/userinfo', { access_token: access }],
    ['/logout', { id_token_hint: id, post_logout_redirect_uri: 'https://app.example.com/bye', state: 's' }],
    ['/device_authorization', client],
    ['/device', { user_code: 'BCDF-GHJK', username: 'alice', password: 'x' }],
  ]
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'] as const

async function isHarmless(
  { send }: TestIssuer,
  method: string,
  path: string,
  form: readonly (readonly [string, string])[],
  headers: readonly (readonly [string, string])[],
  inQuery: boolean,
): Promise<void> {
  const text = form.map(([name, value]) => `${name}=${encode(value)}`).join('&')
  const answer = await send(method, inQuery ? `${path}?${text}` : path, inQuery ? '' : text, [
    ...headers,
    FORM,
  ])
  assert.ok(answer.status < 500, `${answer.status}`)
  for (const [name, value] of answer.headers) assert.match(`${name}: ${value}`, /^[\x20-\x7e]+$/)
  assert.doesNotMatch(answer.text, /<script>alert/)
  const location = answer.header('location')
  if (location !== undefined) assert.doesNotMatch(location, /^(?:javascript|data|\/\/|\\)/i)
}

function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
