import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  anIssuer,
  assertRefused,
  ISSUER,
  type Answer,
  type Json,
  type TestIssuer,
} from './support/an-issuer.ts'

const USERS = { users: [{ username: 'alice', password: 'a' }] }

suite('a device', () => {
  test('gets a code that cannot be misread, and where to type it', async () => {
    const { post } = await anIssuer()
    const { device_code: device, user_code: user, ...rest } = (await post('/device_authorization', TV)).json
    assert.match(String(device), /^[\w-]{43}$/)
    assert.match(String(user), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    assert.deepEqual(rest, {
      verification_uri: `${ISSUER}/device`,
      verification_uri_complete: `${ISSUER}/device?user_code=${String(user)}`,
      expires_in: 600,
      interval: 5,
    })
  })

  test('waits until the person has logged in, then gets tokens once', async () => {
    const test = await anIssuer(USERS)
    const { json } = await test.post('/device_authorization', TV)
    assertRefused(await poll(test, json), 400, 'authorization_pending')
    const written = String(json['user_code']).toLowerCase().replace('-', ' ')
    const form = { user_code: written, username: 'alice', password: 'a' }
    assert.equal((await test.post('/device', { ...form, password: 'wrong' })).status, 400)
    const page = await test.post('/device', form)
    assert.deepEqual([page.status, /The device can go on/.test(page.text)], [200, true])
    test.pass(5)
    const tokens = await poll(test, json)
    assert.equal(test.verified(tokens.json['id_token'])['sub'], 'alice')
    assert.equal(typeof tokens.json['refresh_token'], 'string')
    assertRefused(await poll(test, json), 400, 'invalid_grant')
  })

  test('must slow down by five seconds each time it asks too soon', async () => {
    const test = await anIssuer()
    const { json } = await test.post('/device_authorization', TV)
    const error = async (seconds: number): Promise<unknown> => {
      test.pass(seconds)
      return (await poll(test, json)).json['error']
    }
    assert.deepEqual(
      [await error(0), await error(5), await error(4), await error(9), await error(15)],
      ['authorization_pending', 'authorization_pending', 'slow_down', 'slow_down', 'authorization_pending'],
    )
  })

  test('hears that its code has expired, was refused, or is not its own', async () => {
    const test = await anIssuer(USERS)
    const refused = (await test.post('/device_authorization', TV)).json
    await test.post('/device', { user_code: String(refused['user_code']), decision: 'deny' })
    assertRefused(await poll(test, refused), 400, 'access_denied')
    const late = (await test.post('/device_authorization', TV)).json
    assertRefused(await poll(test, late, { client_id: 'other' }), 400, 'invalid_grant')
    test.pass(600)
    assertRefused(await poll(test, late), 400, 'expired_token')
    const form = { user_code: String(late['user_code']), username: 'alice', password: 'a' }
    assert.match((await test.post('/device', form)).text, /No device waits with this code/)
  })

  test('is let in by opening its page where login is auto', async () => {
    const test = await anIssuer({ ...USERS, login: 'auto' })
    const { json } = await test.post('/device_authorization', TV)
    const page = await test.get(String(json['verification_uri_complete']).slice(ISSUER.length))
    assert.match(page.text, /The device can go on/)
    assert.equal((await poll(test, json)).status, 200)
  })

  test('is not let in by opening its page where a person must log in', async () => {
    const test = await anIssuer(USERS)
    const { json } = await test.post('/device_authorization', TV)
    const page = await test.get(`/device?user_code=${String(json['user_code'])}%22%3E`)
    assert.match(page.text, /<label for="user_code">Code<\/label>/)
    assert.match(page.text, /&#34;&#62;/)
    assertRefused(await poll(test, json), 400, 'authorization_pending')
  })

  test('must be of a client that may', async () => {
    const { post } = await anIssuer({ clients: [{ clientId: 'tv', grants: ['password'] }] })
    assertRefused(await post('/device_authorization', TV), 400, 'unauthorized_client')
    assertRefused(await post('/device_authorization', {}), 401, 'invalid_client')
  })
})

const TV = { client_id: 'tv', scope: 'openid' }

function poll(
  { post }: TestIssuer,
  { device_code: code }: Json,
  more: Record<string, string> = {},
): Promise<Answer> {
  return post('/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: 'tv',
    device_code: String(code),
    ...more,
  })
}
