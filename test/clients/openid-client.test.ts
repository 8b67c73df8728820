import assert from 'node:assert/strict'
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { importPKCS8 } from 'jose'
import * as oidc from 'openid-client'
import type { ClientSettings } from '../../src/issuer/settings.ts'
import { browserSteps } from './browser-steps.ts'
import { startIssuer } from './issuer-server.ts'

const CALLBACK = 'https://app.example/callback'
const GOODBYE = 'https://app.example/goodbye'
// Every character that form-urlencoding changes (RFC 6749 §2.3.1).
const SECRET = 'a secret:with+all/of=it%25 & ü, long enough for HMAC'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const JWK: JsonWebKey = publicKey.export({ format: 'jwk' })

const redirects = { redirectUris: [CALLBACK], postLogoutRedirectUris: [GOODBYE] }
const CLIENTS: readonly ClientSettings[] = [
  { clientId: 'web', secret: SECRET, ...redirects },
  { clientId: 'basic: +%', secret: SECRET, authMethod: 'client_secret_basic', ...redirects },
  { clientId: 'post', secret: SECRET, authMethod: 'client_secret_post', ...redirects },
  { clientId: 'jwt', secret: SECRET, authMethod: 'client_secret_jwt', ...redirects },
  { clientId: 'key', jwks: { keys: [{ ...JWK, kid: 'k1' }] }, authMethod: 'private_key_jwt', ...redirects },
  { clientId: 'public', authMethod: 'none', ...redirects },
]
const USERS = [
  {
    sub: 'u1',
    username: 'alice',
    password: 'wonderland',
    email: 'alice@example.com',
    claims: { name: 'Alice' },
  },
  { sub: 'u2', username: 'bob', password: 'builder' },
]

let aheadMs = 0
const clock = (): number => Date.now() + aheadMs
const auto = await startIssuer({ settings: { clients: CLIENTS, users: USERS, login: 'auto' }, clock })
const page = await startIssuer({ settings: { clients: CLIENTS, users: USERS } })
after(() => Promise.all([auto.close(), page.close()]))

suite('openid-client', () => {
  test('discovers the issuer at both well-known places', async () => {
    for (const algorithm of ['oidc', 'oauth2'] as const) {
      const config = await configOf(auto.url, 'web', oidc.ClientSecretPost(SECRET), [], algorithm)
      assert.equal(config.serverMetadata().issuer, auto.url)
      assert.equal(config.serverMetadata().supportsPKCE(), true)
    }
  })

  const authentications: readonly (readonly [
    string,
    string,
    () => Promise<oidc.ClientAuth> | oidc.ClientAuth,
  ])[] = [
    ['client_secret_basic', 'basic: +%', () => oidc.ClientSecretBasic(SECRET)],
    ['client_secret_post', 'post', () => oidc.ClientSecretPost(SECRET)],
    ['client_secret_jwt', 'jwt', () => oidc.ClientSecretJwt(SECRET)],
    ['private_key_jwt', 'key', async () => oidc.PrivateKeyJwt({ key: await clientKey(), kid: 'k1' })],
  ]
  for (const [method, id, authentication] of authentications) {
    test(`gets a token for itself with ${method}`, async () => {
      const config = await configOf(auto.url, id, await authentication())
      const tokens = await oidc.clientCredentialsGrant(config, {
        scope: 'read',
        resource: 'https://api.example',
      })
      assert.deepEqual([tokens.token_type, tokens.expires_in, tokens.scope], ['bearer', 300, 'read'])
      const found = await oidc.tokenIntrospection(config, tokens.access_token)
      assert.deepEqual([found.active, found.sub, found.aud], [true, id, 'https://api.example'])
    })
  }

  test('hears of a wrong secret by the challenge that a 401 must have (RFC 9110 §11.6.1)', async () => {
    for (const authentication of [oidc.ClientSecretBasic('wrong'), oidc.ClientSecretPost('wrong')]) {
      const config = await configOf(auto.url, 'web', authentication)
      await assert.rejects(oidc.clientCredentialsGrant(config), {
        name: 'WWWAuthenticateChallengeError',
        status: 401,
      })
    }
  })

  test('completes code and PKCE, userinfo, refresh, introspection, revocation and logout', async () => {
    const config = await configOf(auto.url, 'web', oidc.ClientSecretBasic(SECRET), [
      oidc.enableNonRepudiationChecks,
    ])
    const browser = browserSteps()
    const { url, checks } = await authorization(config, { scope: 'openid profile email', login_hint: 'bob' })
    const first = await oidc.authorizationCodeGrant(config, await browser.leadsTo(url), checks)
    assert.equal(first.claims()?.sub, 'u2')
    assert.deepEqual(await oidc.fetchUserInfo(config, first.access_token, 'u2'), {
      sub: 'u2',
      preferred_username: 'bob',
    })

    const second = await oidc.refreshTokenGrant(config, first.refresh_token ?? '')
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.equal(second.claims()?.sub, 'u2')
    assert.equal((await oidc.tokenIntrospection(config, second.access_token)).active, true)

    await oidc.tokenRevocation(config, second.access_token)
    assert.deepEqual(await oidc.tokenIntrospection(config, second.access_token), { active: false })
    await assert.rejects(oidc.fetchUserInfo(config, second.access_token, 'u2'), { status: 401 })
    await oidc.tokenRevocation(config, second.refresh_token ?? '')
    await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token ?? ''), {
      error: 'invalid_grant',
    })

    const goodbye = { id_token_hint: first.id_token ?? '', post_logout_redirect_uri: GOODBYE, state: 'bye' }
    const back = await browser.leadsTo(oidc.buildEndSessionUrl(config, goodbye))
    assert.equal(back.href, `${GOODBYE}?state=bye`)
  })

  test('loses the whole family when a refresh token comes back that was exchanged', async () => {
    const config = await configOf(auto.url, 'public', oidc.None())
    const { url, checks } = await authorization(config, { scope: 'openid offline_access' })
    const first = await oidc.authorizationCodeGrant(config, await browserSteps().leadsTo(url), checks)
    const second = await oidc.refreshTokenGrant(config, first.refresh_token ?? '')
    for (const token of [first.refresh_token, second.refresh_token]) {
      await assert.rejects(oidc.refreshTokenGrant(config, token ?? ''), { error: 'invalid_grant' })
    }
    await assert.rejects(oidc.fetchUserInfo(config, second.access_token, 'u1'), { status: 401 })
  })

  test('cannot redeem a code without its verifier', async () => {
    const config = await configOf(auto.url, 'public', oidc.None())
    const { url, checks } = await authorization(config, {})
    const back = await browserSteps().leadsTo(url)
    const wrong = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }
    await assert.rejects(oidc.authorizationCodeGrant(config, back, wrong), { error: 'invalid_grant' })
  })

  test('sends its authorization request ahead (PAR)', async () => {
    const config = await configOf(auto.url, 'web', oidc.ClientSecretBasic(SECRET))
    const { parameters, checks } = await wishes({ scope: 'openid' })
    const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters)
    assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
    const tokens = await oidc.authorizationCodeGrant(config, await browserSteps().leadsTo(url), checks)
    assert.equal(tokens.claims()?.sub, 'u1')
    const again = await browserSteps().open(url)
    assert.deepEqual([again.status, again.headers.get('location')], [400, null])
  })

  test('gets an ID token by the hybrid flow, and finds its c_hash right', async () => {
    const config = await configOf(auto.url, 'web', oidc.ClientSecretPost(SECRET), [
      oidc.useCodeIdTokenResponseType,
    ])
    const { url, checks } = await authorization(config, {})
    const back = await browserSteps().leadsTo(url)
    const forged = new URL(back.href.replace(/code=[^&]+/, 'code=another'))
    await assert.rejects(oidc.authorizationCodeGrant(config, forged, checks), /claim value/)
    assert.equal((await oidc.authorizationCodeGrant(config, back, checks)).claims()?.sub, 'u1')
  })

  test('lets a device in that polls until its person has agreed', async () => {
    const config = await configOf(auto.url, 'public', oidc.None())
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' })
    assert.equal(device.interval, 5)
    const heard: unknown[] = []
    config[oidc.customFetch] = async (url, { headers, body }) => {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: body instanceof URLSearchParams ? body : null,
      })
      heard.push(((await response.clone().json()) as { error?: string }).error)
      // The five seconds pass on the issuer's clock, and meanwhile the person opens the page.
      aheadMs += 5000
      await fetch(device.verification_uri_complete ?? '')
      return response
    }
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, { ...device, interval: 0.01 })
    assert.equal(tokens.claims()?.sub, 'u1')
    assert.deepEqual(heard, ['authorization_pending', undefined])
  })

  test('logs in on the page, stays logged in, and is logged out', async () => {
    const config = await configOf(page.url, 'web', oidc.ClientSecretBasic(SECRET), [
      oidc.enableNonRepudiationChecks,
    ])
    const browser = browserSteps()
    const { url, checks } = await authorization(config, { scope: 'openid profile email' })
    const credentials = { username: 'alice@example.com', password: 'wonderland' }
    const tokens = await oidc.authorizationCodeGrant(
      config,
      await browser.submit(await browser.open(url), credentials),
      checks,
    )
    assert.deepEqual(await oidc.fetchUserInfo(config, tokens.access_token, 'u1'), {
      sub: 'u1',
      name: 'Alice',
      email: 'alice@example.com',
      preferred_username: 'alice',
    })

    const silent = await authorization(config, { prompt: 'none' })
    const again = await oidc.authorizationCodeGrant(config, await browser.leadsTo(silent.url), silent.checks)
    assert.equal(again.claims()?.auth_time, tokens.claims()?.auth_time)

    const goodbye = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: GOODBYE }
    assert.equal((await browser.leadsTo(oidc.buildEndSessionUrl(config, goodbye))).href, GOODBYE)
    const refused = await browser.leadsTo((await authorization(config, { prompt: 'none' })).url)
    assert.equal(refused.searchParams.get('error'), 'login_required')
  })
})

type Execute = (config: oidc.Configuration) => void

function configOf(
  url: string,
  clientId: string,
  authentication: oidc.ClientAuth,
  execute: readonly Execute[] = [],
  algorithm: 'oidc' | 'oauth2' = 'oidc',
): Promise<oidc.Configuration> {
  const all = [oidc.allowInsecureRequests, ...execute]
  return oidc.discovery(new URL(url), clientId, undefined, authentication, { execute: all, algorithm })
}

interface Wishes {
  readonly parameters: Record<string, string>
  readonly checks: oidc.AuthorizationCodeGrantChecks
}

/** An authorization request with PKCE, state and nonce, and what its answer must be checked against. */
async function wishes(more: Readonly<Record<string, string>>): Promise<Wishes> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedNonce = oidc.randomNonce()
  const expectedState = oidc.randomState()
  const parameters = {
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, checks: { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true } }
}

async function authorization(
  config: oidc.Configuration,
  more: Readonly<Record<string, string>>,
): Promise<{ readonly url: URL; readonly checks: oidc.AuthorizationCodeGrantChecks }> {
  const { parameters, checks } = await wishes(more)
  return { url: oidc.buildAuthorizationUrl(config, parameters), checks }
}

function clientKey(): Promise<oidc.CryptoKey> {
  return importPKCS8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'ES256')
}
