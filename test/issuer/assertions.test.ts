import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { anIssuer, assertRefused, BEGIN, ISSUER, type Answer, type Json } from './support/an-issuer.ts'
import { sign } from './support/confused.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const SECRET = 'a secret that is long enough for HS256'
const JWKS = {
  keys: [{ ...createPublicKey(PEM).export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }],
}
const CLIENTS = [
  { clientId: 'keyed', jwks: JWKS },
  { clientId: 'both', jwks: JWKS, secret: SECRET },
  { clientId: 'only secret', secret: SECRET, authMethod: 'client_secret_jwt' as const },
]

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

suite('a client assertion', () => {
  test('signed with the client’s key proves the client', async () => {
    const answer = await asked(assertion('keyed'))
    assert.equal(answer.status, 200)
  })

  for (const aud of [ISSUER, `${ISSUER}/token`, [`${ISSUER}/token`, 'x']]) {
    test(`is taken for the audience ${JSON.stringify(aud)}`, async () => {
      assert.equal((await asked(assertion('keyed', { aud }))).status, 200)
    })
  }

  test('signed with the client’s secret proves a client that has one', async () => {
    const hs = (sub: string): string => assertion(sub, {}, SECRET, { algorithm: 'HS256' })
    assert.equal((await asked(hs('only secret'))).status, 200)
    assert.equal((await asked(hs('both'))).status, 200)
    assertRefused(await asked(hs('keyed')), 401, 'invalid_client')
  })

  const wrong: readonly (readonly [string, Json])[] = [
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['an audience that is a number', { aud: 5 }],
    ['an exp in the past', { exp: BEGIN - 31 }],
    ['no exp', { exp: undefined }],
    ['an exp far ahead', { exp: BEGIN + 90_000 }],
    ['an exp that is a string', { exp: String(BEGIN + 60) }],
    ['an nbf ahead', { nbf: BEGIN + 60 }],
    ['an iat ahead', { iat: BEGIN + 60 }],
    ['no jti', { jti: undefined }],
    ['a jti that is a number', { jti: 7 }],
    ['another iss', { iss: 'both' }],
    ['no iss', { iss: undefined }],
  ]
  for (const [what, claims] of wrong) {
    test(`is refused with ${what}`, async () => {
      assertRefused(await asked(unchecked({ ...usual('keyed'), ...claims })), 401, 'invalid_client')
    })
  }

  test('is refused when another key signed it, under whatever kid', async () => {
    assertRefused(await asked(assertion('keyed', {}, other)), 401, 'invalid_client')
    assertRefused(await asked(assertion('keyed', {}, privateKey, { keyid: 'k2' })), 401, 'invalid_client')
  })

  test('is refused with alg none, with the public key as secret, and with another alg than the key’s', async () => {
    const none = jsonwebtoken.sign(usual('keyed'), '', { algorithm: 'none' })
    assertRefused(await asked(none), 401, 'invalid_client')
    for (const client of ['keyed', 'both']) {
      for (const secret of [PEM, PEM.trim(), JSON.stringify(JWKS.keys[0])]) {
        assertRefused(await asked(sign(usual(client), secret)), 401, 'invalid_client')
      }
    }
    const rs512 = assertion('keyed', {}, privateKey, { algorithm: 'RS512' })
    assertRefused(await asked(rs512), 401, 'invalid_client')
  })

  test('is refused with a crit that nobody knows', async () => {
    const header = { alg: 'RS256', crit: ['x'], x: 1 }
    assertRefused(await asked(assertion('keyed', {}, privateKey, { header })), 401, 'invalid_client')
  })

  test('is taken once, and nothing that was refused is used up', async () => {
    const { post } = await anIssuer({ clients: CLIENTS })
    const text = assertion('keyed')
    const ask = (form: Record<string, string>): Promise<Answer> =>
      post('/token', { grant_type: 'client_credentials', client_assertion: text, ...form })
    assertRefused(await ask({ client_assertion_type: 'x' }), 400, 'invalid_request')
    assertRefused(await ask({ client_assertion_type: TYPE, client_id: 'both' }), 401, 'invalid_client')
    assert.equal((await ask({ client_assertion_type: TYPE })).status, 200)
    assertRefused(await ask({ client_assertion_type: TYPE }), 401, 'invalid_client')
  })

  for (const text of ['x', 'a.b.c', '..', 'eyJhbGciOiJSUzI1NiJ9.e30', `${'A'.repeat(100_000)}.e30.x`]) {
    test(`is refused when it is no JWT: ${text.slice(0, 30)}`, async () => {
      assertRefused(await asked(text), 401, 'invalid_client')
    })
  }

  test('of anybody is taken where no client is configured', async () => {
    const { post, verified } = await anIssuer()
    const form = { grant_type: 'client_credentials', client_assertion_type: TYPE }
    const { json } = await post('/token', { ...form, client_assertion: assertion('me', {}, other) })
    assert.equal(verified(json['access_token'])['sub'], 'me')
  })

  test('must be checked against a JWK Set', async () => {
    const { issuer } = await anIssuer()
    assert.throws(() => issuer.upsertClient({ clientId: 'a', jwks: [] }), {
      code: 'CONFIG_INVALID',
      message: 'The jwks of the client "a" is not a JWK Set.',
    })
  })
})

suite('the jwt-bearer grant', () => {
  const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const users = [{ username: 'alice' }]
  const about = (claims: Json = {}): Json => ({ ...usual('keyed'), sub: 'alice', ...claims })

  test('gives a token for whom the client’s assertion names', async () => {
    const { post, verified } = await anIssuer({ clients: CLIENTS, users })
    const answer = await post('/token', { grant_type: GRANT, assertion: unchecked(about()), scope: 'read' })
    const { sub, client_id: client, scope } = verified(answer.json['access_token'])
    assert.deepEqual([sub, client, scope], ['alice', 'keyed', 'read'])
  })

  test('takes this issuer’s own JWTs, but not its access tokens', async () => {
    const { post, issuer } = await anIssuer({ clients: CLIENTS, users })
    const own = await issuer.sign(about({ iss: ISSUER }))
    const send = (text: string): Promise<Answer> =>
      post('/token', {
        grant_type: GRANT,
        assertion: text,
        client_assertion_type: TYPE,
        client_assertion: assertion('keyed', { jti: text.slice(-9) }),
      })
    assert.equal((await send(own)).status, 200)
    assertRefused(await send(await issuer.mint({ user: 'alice' })), 400, 'invalid_grant')
  })

  const wrong: readonly (readonly [string, Json])[] = [
    ['somebody unknown', { sub: 'mallory' }],
    ['nobody', { sub: undefined }],
    ['another audience', { aud: 'x' }],
    ['no end', { exp: undefined }],
  ]
  for (const [what, claims] of wrong) {
    test(`refuses an assertion with ${what}`, async () => {
      const { post } = await anIssuer({ clients: CLIENTS, users })
      const form = { grant_type: GRANT, assertion: unchecked(about(claims)) }
      assertRefused(await post('/token', form), 400, 'invalid_grant')
    })
  }

  test('refuses an assertion of a stranger, by another key, and for the second time', async () => {
    const { post } = await anIssuer({ clients: CLIENTS, users })
    const send = (text: string): Promise<Answer> => post('/token', { grant_type: GRANT, assertion: text })
    assertRefused(await send(unchecked(about({ iss: 'stranger' }))), 401, 'invalid_client')
    assertRefused(await send(jsonwebtoken.sign(about(), other, { algorithm: 'RS256' })), 400, 'invalid_grant')
    const text = unchecked(about())
    assert.equal((await send(text)).status, 200)
    assertRefused(await send(text), 400, 'invalid_grant')
    assertRefused(await post('/token', { grant_type: GRANT }), 400, 'invalid_request')
  })
})

async function asked(text: string): Promise<Answer> {
  const { post } = await anIssuer({ clients: CLIENTS })
  return post('/token', {
    grant_type: 'client_credentials',
    client_assertion_type: TYPE,
    client_assertion: text,
  })
}

function usual(client: string): Json {
  return { iss: client, sub: client, aud: ISSUER, exp: BEGIN + 60, iat: BEGIN, jti: `${client}-1` }
}

function assertion(
  client: string,
  claims: Json = {},
  key: jsonwebtoken.Secret = privateKey,
  options: jsonwebtoken.SignOptions = {},
): string {
  return jsonwebtoken.sign({ ...usual(client), ...claims }, key, { algorithm: 'RS256', ...options })
}

/** Signed right with whatever claims; jsonwebtoken leaves text alone. */
function unchecked(claims: Json): string {
  return jsonwebtoken.sign(JSON.stringify(claims), privateKey, { algorithm: 'RS256' })
}
