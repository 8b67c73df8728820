import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { anIssuer, redirected } from './support/an-issuer.ts'
import { authorizeTarget, codeTokens } from './support/code-flow.ts'

const CALLBACK = 'https://app.example.com/callback'

suite('a redirect_uri', () => {
  const client = {
    clientId: 'app',
    redirectUris: [CALLBACK, 'http://127.0.0.1/native', 'http://localhost:1/x?y', 'com.app:/cb'],
  }
  const taken = [
    CALLBACK,
    'http://127.0.0.1/native',
    'http://127.0.0.1:51004/native',
    'http://localhost:8080/x?y',
    'com.app:/cb',
  ]
  for (const uri of taken) {
    test(`is taken: ${uri}`, async () => {
      const { get } = await anIssuer({ clients: [client], login: 'auto' })
      const location = (await get(authorizeTarget({ redirect_uri: uri }))).header('location') ?? ''
      assert.ok(location.startsWith(`${uri}${uri.includes('?') ? '&' : '?'}code=`), location)
    })
  }

  const refused = [
    'https://app.example.com/callback/',
    'https://app.example.com/callback?x=1',
    'https://app.example.com/callback#x',
    'https://app.example.com/CALLBACK',
    'https://app.example.com:443/callback',
    'https://app.example.com/callback/../evil',
    'https://app.example.com@evil.example/callback',
    'https://evil.example/https://app.example.com/callback',
    'http://app.example.com/callback',
    '//app.example.com/callback',
    'http://127.0.0.1:80@evil.example/native',
    'http://127.0.0.1.evil.example/native',
    'http://127.0.0.1:8080/other',
    'http://127.0.0.2:8080/native',
    'http://localhost:8080/native',
    'https://127.0.0.1:8080/native',
    'javascript:alert(1)',
    'https://app.example.com/callback\r\nSet-Cookie: a=b',
    'https://app.example.com\\@evil.example/callback',
  ]
  for (const uri of refused) {
    test(`is refused on a page, without going anywhere: ${JSON.stringify(uri)}`, async () => {
      const { get } = await anIssuer({ clients: [client], login: 'auto' })
      const answer = await get(authorizeTarget({ redirect_uri: uri }))
      assert.deepEqual([answer.status, answer.header('location')], [400, undefined])
      assert.match(answer.text, /The redirect_uri is not one of this client\. \(invalid_request\)/)
    })
  }

  const dangerous = [
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'x',
    '/x',
    'a b:c',
    'https://x.example/\r\nSet-Cookie: a=b',
    'https://x.example/\n',
    'https://x.example/ä',
    'https://x.example/#',
    'https:\\\\x.example',
  ]
  for (const uri of dangerous) {
    test(`is refused even where none is configured: ${JSON.stringify(uri)}`, async () => {
      const { get } = await anIssuer({ login: 'auto' })
      assert.equal((await get(authorizeTarget({ redirect_uri: uri }))).status, 400)
    })
  }

  test('may be left out where the client has just one', async () => {
    const { get } = await anIssuer({
      clients: [{ clientId: 'app', redirectUris: [CALLBACK] }],
      login: 'auto',
    })
    assert.equal(redirected(await get(authorizeTarget({ redirect_uri: '' }))).to, CALLBACK)
    const { get: getOther } = await anIssuer({ clients: [client], login: 'auto' })
    assert.equal((await getOther(authorizeTarget({ redirect_uri: '' }))).status, 400)
  })
})

suite('the authorization endpoint', () => {
  test('tells only the person about an unknown client', async () => {
    const { get } = await anIssuer({ clients: [{ clientId: 'other' }] })
    const answer = await get(authorizeTarget())
    assert.deepEqual([answer.status, answer.header('location')], [400, undefined])
    assert.match(answer.text, /No client has this client_id\. \(invalid_client\)/)
  })

  const refusals: readonly (readonly [string, Record<string, string>])[] = [
    ['unsupported_response_type', { response_type: 'magic' }],
    ['unsupported_response_type', { response_type: 'code code' }],
    ['invalid_request', { response_type: '' }],
    ['invalid_request', { response_mode: 'pigeon' }],
    ['invalid_request', { prompt: 'none login' }],
    ['invalid_request', { prompt: 'sing' }],
    ['invalid_request', { max_age: '-1' }],
    ['invalid_request', { id_token_hint: 'nonsense' }],
    ['invalid_scope', { scope: 'a"b' }],
    ['invalid_target', { resource: 'x' }],
    ['request_not_supported', { request: 'eyJ' }],
    ['request_uri_not_supported', { request_uri: 'https://x.example' }],
    ['registration_not_supported', { registration: '{}' }],
    ['login_required', { prompt: 'none' }],
  ]
  for (const [error, parameters] of refusals) {
    test(`sends ${error} back for ${JSON.stringify(parameters)}`, async () => {
      const { get } = await anIssuer()
      const answer = await get(authorizeTarget({ ...parameters, state: 'a\r\nb&c' }))
      const back = redirected(answer)
      assert.deepEqual([answer.status, back.to], [302, CALLBACK])
      assert.equal(back.parameters.get('error'), error)
      assert.equal(back.parameters.get('state'), 'a\r\nb&c')
      assert.equal(back.parameters.get('iss'), 'http://127.0.0.1:8090')
      assert.doesNotMatch(answer.header('location') ?? '', /[\r\n]/)
    })
  }

  test('refuses a parameter given twice on a page', async () => {
    const { get } = await anIssuer()
    assert.equal((await get(`${authorizeTarget()}&state=2`)).status, 400)
  })

  test('refuses response types that the client’s grants do not allow', async () => {
    const { get } = await anIssuer({ clients: [{ clientId: 'app', grants: ['authorization_code'] }] })
    const answer = await get(authorizeTarget({ response_type: 'token' }))
    assert.equal(redirected(answer).parameters.get('error'), 'unauthorized_client')
  })

  test('posts an answer from a page whose only script has the page’s nonce', async () => {
    const { get } = await anIssuer({ login: 'auto' })
    const state = '"><script>alert(1)</script>'
    const answer = await get(authorizeTarget({ response_mode: 'form_post', state }))
    assert.equal(answer.status, 200)
    const policy = answer.header('content-security-policy') ?? ''
    const nonce = /script-src 'nonce-([\w-]{43})'/.exec(policy)?.[1] ?? 'none'
    assert.match(policy, /^default-src 'none';/)
    assert.ok(answer.text.includes(`<script nonce="${nonce}">document.forms[0].submit()</script>`))
    assert.ok(answer.text.includes(`<form method="post" action="${CALLBACK}">`))
    assert.ok(
      answer.text.includes('name="state" value="&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;"'),
    )
    assert.equal(answer.text.match(/<script/g)?.length, 1)
    assert.match(answer.text, /<noscript><button class="main" type="submit">Continue<\/button><\/noscript>/)
  })
})

suite('logging out', () => {
  const HOME = 'https://app.example.com/bye'
  const logout = (parameters: Record<string, string>): string =>
    `/logout?${new URLSearchParams(parameters).toString()}`

  test('goes back to where the client is known to be, with the state', async () => {
    const clients = [{ clientId: 'app', postLogoutRedirectUris: [HOME] }]
    const { get } = await anIssuer({ clients })
    const answer = await get(logout({ client_id: 'app', post_logout_redirect_uri: HOME, state: 'a b' }))
    assert.deepEqual([answer.status, answer.header('location')], [302, `${HOME}?state=a+b`])
    assert.match(
      answer.header('set-cookie') ?? '',
      /^reseal_session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  test('takes places on the origin of a redirect_uri where nothing is said of logging out', async () => {
    const { get } = await anIssuer({ clients: [{ clientId: 'app', redirectUris: [CALLBACK] }] })
    const status = async (uri: string): Promise<number> =>
      (await get(logout({ client_id: 'app', post_logout_redirect_uri: uri }))).status
    assert.deepEqual(
      [await status(HOME), await status('https://evil.example/'), await status('javascript:alert(1)')],
      [302, 400, 400],
    )
  })

  test('goes nowhere for a client it cannot know, or an id_token_hint that is not from here', async () => {
    const test = await anIssuer({ login: 'auto' })
    const foreign = await anIssuer({ login: 'auto' })
    const own = String((await codeTokens(test))['id_token'])
    const other = String((await codeTokens(foreign))['id_token'])
    const status = async (parameters: Record<string, string>): Promise<number> =>
      (await test.get(logout({ post_logout_redirect_uri: HOME, ...parameters }))).status
    assert.equal(await status({}), 400)
    assert.equal(await status({ client_id: 'app' }), 400)
    assert.equal(await status({ id_token_hint: other }), 400)
    assert.equal(await status({ id_token_hint: `${own}x` }), 400)
    assert.equal(await status({ id_token_hint: own.replace(/\.[^.]*$/, '.') }), 400)
    assert.equal(await status({ id_token_hint: own, client_id: 'other' }), 400)
    assert.equal(await status({ id_token_hint: own }), 302)
    test.pass(10_000)
    assert.equal(await status({ id_token_hint: own }), 302)
  })

  test('is a page where no client is to be gone back to', async () => {
    const { get, post } = await anIssuer()
    assert.match((await get('/logout')).text, /You are logged out/)
    assert.equal((await post('/logout', {})).status, 200)
  })
})
