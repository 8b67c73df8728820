import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { anIssuer, assertRefused, ISSUER, type Answer, type TestIssuer } from './support/an-issuer.ts'
import { codeTokens } from './support/code-flow.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token'
const ID = 'urn:ietf:params:oauth:token-type:id_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'
const SETTINGS = { login: 'auto' as const, users: [{ username: 'alice', claims: { roles: ['r'] } }] }

suite('a token exchange (RFC 8693)', () => {
  test('gives a token about the same person, for another audience and with less scope', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: subject } = await codeTokens(test, { scope: 'openid a b' })
    const answer = await exchange(test, { subject_token: String(subject), audience: 'api', scope: 'a' })
    const { access_token: token, ...rest } = answer.json
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 300, scope: 'a', issued_token_type: ACCESS })
    const { sub, aud, client_id: client, scope, roles } = test.verified(token)
    assert.deepEqual([sub, aud, client, scope, roles], ['alice', 'api', 'service', 'a', ['r']])
  })

  test('names who acts, and who acted before (§4.1)', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: subject } = await codeTokens(test)
    const first = await exchange(test, {
      subject_token: String(subject),
      actor_token: await test.issuer.mint({ claims: { sub: 'gateway', client_id: 'gw' } }),
      actor_token_type: ACCESS,
    })
    const second = await exchange(test, {
      subject_token: String(first.json['access_token']),
      actor_token: await test.issuer.sign({ iss: ISSUER, sub: 'backend' }),
      actor_token_type: JWT,
    })
    assert.deepEqual(test.verified(second.json['access_token'])['act'], {
      sub: 'backend',
      act: { sub: 'gateway', client_id: 'gw' },
    })
  })

  test('makes ID tokens for ID tokens, which are no bearer tokens', async () => {
    const test = await anIssuer(SETTINGS)
    const { id_token: subject } = await codeTokens(test)
    const answer = await exchange(test, {
      subject_token: String(subject),
      subject_token_type: ID,
      requested_token_type: ID,
    })
    const { access_token: token, ...rest } = answer.json
    assert.deepEqual(rest, { issued_token_type: ID, token_type: 'N_A', expires_in: 300 })
    assert.deepEqual([test.verified(token)['sub'], test.verified(token)['aud']], ['alice', 'service'])
  })

  test('takes opaque tokens', async () => {
    const test = await anIssuer({ ...SETTINGS, accessTokens: 'opaque' })
    const { access_token: subject } = await codeTokens(test)
    assert.equal((await exchange(test, { subject_token: String(subject) })).status, 200)
  })

  test('refuses tokens that are wrong, over, revoked, foreign, or not what they are said to be', async () => {
    const test = await anIssuer(SETTINGS)
    const foreign = await anIssuer(SETTINGS)
    const { access_token: access, id_token: id } = await codeTokens(test)
    const refused = async (token: unknown, more: Record<string, string> = {}): Promise<void> =>
      assertRefused(await exchange(test, { subject_token: String(token), ...more }), 400, 'invalid_request')
    await refused('nonsense')
    await refused((await codeTokens(foreign))['access_token'])
    await refused(id)
    await refused(access, { subject_token_type: 'urn:x' })
    await refused(access, { subject_token_type: '' })
    await refused(access, { requested_token_type: 'urn:x' })
    await refused(access, { actor_token: 'nonsense', actor_token_type: ACCESS })
    await refused(access, { actor_token_type: ACCESS })
    await refused(await test.issuer.mint({ tamper: 'wrongSignature' }))
    await refused(await test.issuer.mint({ tamper: 'algNone' }))
    await refused('')
    await test.post('/revoke', { client_id: 'app', token: String(access) })
    await refused(access)
  })

  test('never gives more scope than there was', async () => {
    const test = await anIssuer(SETTINGS)
    const { access_token: subject } = await codeTokens(test, { scope: 'a' })
    assertRefused(
      await exchange(test, { subject_token: String(subject), scope: 'a b' }),
      400,
      'invalid_scope',
    )
  })
})

function exchange({ post }: TestIssuer, form: Record<string, string>): Promise<Answer> {
  return post('/token', { grant_type: GRANT, client_id: 'service', subject_token_type: ACCESS, ...form })
}
