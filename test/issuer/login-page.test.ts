import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { anIssuer, BEGIN, redirected, type Answer } from './support/an-issuer.ts'
import { authorizeTarget, CALLBACK, redeem } from './support/code-flow.ts'

const ALICE = { sub: 'u1', username: 'alice', email: 'alice@example.com', password: 'correct horse' }
const SETTINGS = { users: [ALICE, { username: 'bob', password: 'b' }] }
const RIGHT = { username: 'alice', password: 'correct horse' }

suite('the login page', () => {
  test('logs a person in, and the browser stays logged in', async () => {
    const test = await anIssuer(SETTINGS)
    const page = await test.get(authorizeTarget())
    const answer = await test.post('/login', { login: loginId(page), ...RIGHT })
    assert.equal(answer.status, 303)
    const { to, parameters } = redirected(answer)
    assert.deepEqual([to, parameters.get('state')], [CALLBACK, 'st4te'])
    const { id_token: id } = (await redeem(test, parameters.get('code') ?? '')).json
    assert.equal(test.verified(id)['sub'], 'u1')

    const setCookie = answer.header('set-cookie') ?? ''
    assert.match(setCookie, /^reseal_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
    const cookie = ['Cookie', `other=1; ${setCookie.split(';')[0]}`] as const
    test.pass(50)
    const again = redirected(await test.get(authorizeTarget({ prompt: 'none' }), [cookie]))
    const tokens = await redeem(test, again.parameters.get('code') ?? '')
    assert.equal(test.verified(tokens.json['id_token'])['auth_time'], BEGIN)

    await test.get('/logout', [cookie])
    const out = redirected(await test.get(authorizeTarget({ prompt: 'none' }), [cookie]))
    assert.equal(out.parameters.get('error'), 'login_required')
  })

  test('comes again for prompt=login, for a login that is too old, and for somebody else', async () => {
    const test = await anIssuer(SETTINGS)
    const page = await test.get(authorizeTarget())
    const login = await test.post('/login', { login: loginId(page), ...RIGHT })
    const cookie = ['Cookie', login.header('set-cookie')?.split(';')[0] ?? ''] as const
    const status = async (parameters: Record<string, string>): Promise<number> =>
      (await test.get(authorizeTarget(parameters), [cookie])).status
    test.pass(10)
    assert.equal(await status({ prompt: 'login' }), 200)
    assert.equal(await status({ max_age: '9' }), 200)
    assert.equal(await status({ max_age: '0' }), 200)
    assert.equal(await status({ login_hint: 'bob' }), 200)
    assert.equal(await status({ max_age: '10', login_hint: 'alice@example.com' }), 302)
  })

  test('says in an alert what was wrong, keeps the name, and lets the person try again', async () => {
    const test = await anIssuer(SETTINGS)
    const id = loginId(await test.get(authorizeTarget()))
    const wrong = await test.post('/login', { login: id, username: '"><b>', password: 'x' })
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /<p role="alert" id="problem">The user name or the password is wrong\.<\/p>/)
    assert.match(wrong.text, /value="&#34;&#62;&#60;b&#62;" aria-describedby="problem"/)
    assert.equal((await test.post('/login', { login: id, ...RIGHT })).status, 303)
  })

  test('is good for one login and ten minutes', async () => {
    const test = await anIssuer(SETTINGS)
    const id = loginId(await test.get(authorizeTarget()))
    await test.post('/login', { login: id, ...RIGHT })
    assert.equal((await test.post('/login', { login: id, ...RIGHT })).status, 400)
    const late = loginId(await test.get(authorizeTarget()))
    test.pass(600)
    assert.equal((await test.post('/login', { login: late, ...RIGHT })).status, 400)
    assert.equal((await test.post('/login', RIGHT)).status, 400)
  })

  test('tells the client when the person says no', async () => {
    const test = await anIssuer(SETTINGS)
    const id = loginId(await test.get(authorizeTarget()))
    const { parameters } = redirected(await test.post('/login', { login: id, decision: 'deny' }))
    assert.equal(parameters.get('error'), 'access_denied')
  })

  test('gives nothing to somebody else than the id_token_hint names', async () => {
    const test = await anIssuer(SETTINGS)
    const hint = await test.issuer.sign({ iss: test.issuer.settings.issuer, sub: 'u1', aud: 'app', exp: 1 })
    const id = loginId(await test.get(authorizeTarget({ id_token_hint: hint })))
    const answer = await test.post('/login', { login: id, username: 'bob', password: 'b' })
    assert.equal(redirected(answer).parameters.get('error'), 'login_required')
  })

  test('can be used with a keyboard and a screen reader, and runs no script', async () => {
    const { get } = await anIssuer(SETTINGS)
    const { text, header } = await get(authorizeTarget({ login_hint: 'alice' }))
    assert.match(text, /^<!doctype html>\n<html lang="en">/)
    assert.match(text, /<title>Log in<\/title>/)
    assert.match(
      text,
      /<label for="username">User name or email<\/label><input id="username" [^>]*autocomplete="username"[^>]* autofocus value="alice">/,
    )
    assert.match(
      text,
      /<label for="password">Password<\/label><input id="password" [^>]*type="password" autocomplete="current-password">/,
    )
    assert.match(text, /<button class="main" type="submit">Log in<\/button>/)
    assert.doesNotMatch(text, /<script|tabindex|onclick/)
    assert.match(header('content-security-policy') ?? '', /default-src 'none'; .*frame-ancestors 'none'$/)
    assert.equal(header('cache-control'), 'no-store')
    assert.equal(header('access-control-allow-origin'), undefined)
  })

  test('takes everybody where no user is configured', async () => {
    const test = await anIssuer()
    const id = loginId(await test.get(authorizeTarget({ scope: 'openid email' })))
    const { parameters } = redirected(await test.post('/login', { login: id, username: 'zoe', password: '' }))
    const { id_token: token } = (await redeem(test, parameters.get('code') ?? '')).json
    const { sub, email } = test.verified(token)
    assert.deepEqual([sub, email], ['zoe', 'zoe@example.com'])
  })

  test('keeps the cookie to the path of its issuer, and to https', async () => {
    const issuer = 'https://id.example.com/tenants/a'
    const { get, post } = await anIssuer({ issuer })
    const id = loginId(await get(`/tenants/a${authorizeTarget()}`))
    const cookie = (await post('/tenants/a/login', { login: id, username: 'x' })).header('set-cookie')
    assert.match(cookie ?? '', /; Path=\/tenants\/a; HttpOnly; SameSite=Lax; Secure$/)
  })
})

function loginId({ text }: Answer): string {
  return /name="login" value="([\w-]{43})"/.exec(text)?.[1] ?? assert.fail(text)
}
