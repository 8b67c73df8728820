import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import * as oidc from 'openid-client'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { startCallbackServer, type CallbackServer } from './callback-server.ts'
import { startIssuer, type IssuerServer } from './issuer-server.ts'

const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const USERS = [{ sub: 'u1', username: 'alice', password: 'wonderland', email: 'alice@example.com' }]

suite('Chromium', { skip: !existsSync(CHROMIUM) && `${CHROMIUM} is not installed` }, () => {
  let issuer: IssuerServer
  let app: CallbackServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let complaints: string[]

  before(async () => {
    app = await startCallbackServer()
    const redirectUris = [`${app.url}/callback`]
    issuer = await startIssuer({
      settings: { users: USERS, clients: [{ clientId: 'spa', authMethod: 'none', redirectUris }] },
    })
  })
  before(async () => {
    // A profile of its own, which playwright makes and throws away.
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  })
  after(() => Promise.all([browser.close(), issuer.close(), app.close()]))
  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    complaints = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
  })
  afterEach(() => context.close())

  /** Name and password by keyboard alone, from where the page puts the cursor. */
  async function typeCredentials(name: string, password: string): Promise<void> {
    await hasFocus(page, 'username')
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type(name)
    await page.keyboard.press('Tab')
    await hasFocus(page, 'password')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
  }

  test('logs in on the page by keyboard and lands on the redirect with a code that gives tokens', async () => {
    const { config, url, checks } = await authorization(issuer.url, app)
    await page.goto(url.href)
    assert.equal(await page.title(), 'Log in')
    await typeCredentials('alice', 'wonderland')
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
    const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), checks)
    assert.equal(tokens.claims()?.sub, 'u1')
    assert.deepEqual(complaints, [])
  })

  test('is told of a wrong password, and can put it right', async () => {
    const { url } = await authorization(issuer.url, app)
    await page.goto(url.href)
    await typeCredentials('alice@example.com', 'wrong')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    assert.equal(await alert.textContent(), 'The user name or the password is wrong.')
    assert.equal(await page.getByLabel('User name or email').inputValue(), 'alice@example.com')
    assert.equal(await page.getByLabel('Password').inputValue(), '')
    await typeCredentials('alice', 'wonderland')
    await page.waitForURL(`${app.url}/callback?**`)
    assert.ok(new URL(page.url()).searchParams.has('code'))
  })

  test('cancels by keyboard', async () => {
    const { url } = await authorization(issuer.url, app)
    await page.goto(url.href)
    await hasFocus(page, 'username')
    for (const _ of ['password', 'Log in', 'Cancel']) await page.keyboard.press('Tab')
    await hasFocus(page, 'decision')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${app.url}/callback?**`)
    assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied')
  })

  test('posts the code to the application (form_post), once logged in without being asked', async () => {
    const first = await authorization(issuer.url, app, { response_mode: 'form_post' })
    await page.goto(first.url.href)
    await typeCredentials('alice', 'wonderland')
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
    assert.equal(page.url(), `${app.url}/callback`)
    const tokens = await oidc.authorizationCodeGrant(first.config, await posted(app), first.checks)
    assert.equal(tokens.claims()?.sub, 'u1')

    const second = await authorization(issuer.url, app, { response_mode: 'form_post', prompt: 'none' })
    await page.goto(second.url.href)
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
    const again = await oidc.authorizationCodeGrant(second.config, await posted(app), second.checks)
    assert.equal(again.claims()?.auth_time, tokens.claims()?.auth_time)
    assert.deepEqual(complaints, [])
  })

  test('lets a script of the application redeem the code itself, across origins', async () => {
    const { url, checks } = await authorization(issuer.url, app)
    await page.goto(url.href)
    await typeCredentials('alice', 'wonderland')
    await page.waitForURL(`${app.url}/callback?**`)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'spa',
      code: new URL(page.url()).searchParams.get('code') ?? '',
      redirect_uri: `${app.url}/callback`,
      code_verifier: String(checks.pkceCodeVerifier),
    })
    const script = `(async () => {
      const json = async (url, init) => (await fetch(url, init)).json()
      const discovered = await json('${issuer.url}/.well-known/openid-configuration')
      const { keys } = await json(discovered.jwks_uri)
      const tokens = await json(discovered.token_endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: '${form.toString()}',
      })
      const headers = { Authorization: 'Bearer ' + tokens.access_token }
      const { sub } = await json(discovered.userinfo_endpoint, { headers })
      return [keys.length, tokens.token_type, sub]
    })()`
    assert.deepEqual(await page.evaluate(script), [1, 'Bearer', 'u1'])
  })

  test('logs out', async () => {
    const { config, url } = await authorization(issuer.url, app)
    await page.goto(url.href)
    await typeCredentials('alice', 'wonderland')
    await page.waitForURL(`${app.url}/callback?**`)
    await page.goto(oidc.buildEndSessionUrl(config).href)
    assert.equal(await page.getByRole('heading').textContent(), 'Logged out')
    await page.goto(url.href)
    assert.equal(await page.title(), 'Log in')
  })
})

interface Authorization {
  readonly config: oidc.Configuration
  readonly url: URL
  readonly checks: oidc.AuthorizationCodeGrantChecks
}

async function authorization(
  issuer: string,
  app: CallbackServer,
  more: Readonly<Record<string, string>> = {},
): Promise<Authorization> {
  const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks]
  const config = await oidc.discovery(new URL(issuer), 'spa', undefined, oidc.None(), { execute })
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedNonce = oidc.randomNonce()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${app.url}/callback`,
    scope: 'openid email',
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  })
  return { config, url, checks: { pkceCodeVerifier, expectedNonce } }
}

/** The next POST to the application; GETs before it are of other logins. */
async function posted(app: CallbackServer): Promise<Request> {
  const request = await app.next()
  return request.method === 'POST' ? request : posted(app)
}

/** Waits until the keyboard's cursor is in the field of this name. */
function hasFocus(page: Page, name: string): Promise<void> {
  return page.locator(`[name="${name}"]:focus`).waitFor({ timeout: 5000 })
}
