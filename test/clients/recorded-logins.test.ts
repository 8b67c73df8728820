import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { record } from '../../src/app/record.ts'
import { scaffoldFor } from '../../src/app/scaffold.ts'
import { aReplay } from '../support/a-replay.ts'
import { browserSteps } from './browser-steps.ts'
import { guardedServer } from './guarded-server.ts'
import { startIssuer } from './issuer-server.ts'
import { startPythonClients } from './python-clients.ts'

/** How long ago the logins were recorded. */
const AGE_MS = 200 * 86_400_000
const CALLBACK = 'https://app.example/callback'
const ALG = 'RS256'
const insecure = { [oauth.allowInsecureRequests]: true }

const long = (): number => Date.now() - AGE_MS
const issuer = await startIssuer({ settings: { login: 'auto' }, clock: long })
const python = await startPythonClients()
after(() => Promise.all([issuer.close(), python.close()]))

/** A server with clients of its own time. */
interface Place {
  readonly url: string
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly config: openid.Configuration
}

/** @param aheadSeconds how far the clients' clocks are set */
function placeAt(url: string, aheadSeconds: number): Place {
  const server = {
    issuer: issuer.url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/jwks`,
    introspection_endpoint: `${url}/introspect`,
    userinfo_endpoint: `${url}/userinfo`,
  }
  const client = {
    client_id: 'app',
    introspection_signed_response_alg: ALG,
    [oauth.clockSkew]: aheadSeconds,
  }
  const config = new openid.Configuration(
    server,
    'app',
    { id_token_signed_response_alg: ALG, [openid.clockSkew]: aheadSeconds },
    openid.None(),
  )
  openid.allowInsecureRequests(config)
  return { url, server, client, config }
}

type Flow<T> = (place: Place) => Promise<T>

/**
 * Runs a flow through a recorder in front of a server of long ago, redacting as recorders do, and once more, today,
 * against the replay with the document that scaffold writes.
 */
async function recordedThenReplayed<T>(
  t: TestContext,
  target: string,
  flow: Flow<T>,
): Promise<{ readonly place: Place; readonly recorded: T; readonly replayed: T }> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-logins-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const places = { snapshot: 't', snapshotsDirectory: join(directory, 'snapshots') }
  const recording = await record({
    ...places,
    transformsFile: join(directory, 'unused.yaml'),
    tls: undefined,
    routes: [{ listen: '127.0.0.1:0', target }],
    append: false,
    maxBodyBytes: 1024 * 1024,
    clock: { now: long, monotonicMs: () => performance.now() },
    onPair: () => {},
    onWarning: (message) => t.diagnostic(message),
  })
  let stopped: Promise<unknown> | undefined
  const stop = (): Promise<unknown> => (stopped ??= recording.stop())
  t.after(stop)
  const behind = -AGE_MS / 1000
  const url = recording.urls[0] ?? ''
  const recorded = await flow(placeAt(url, behind))
  await stop()
  const { yaml } = scaffoldFor({ ...places, transformsFile: join(directory, 't.yaml') })
  const { urls } = await aReplay(t, directory, yaml)
  const place = placeAt(urls[0] ?? '', 0)
  return { place, recorded, replayed: await flow(place) }
}

/** What an API behind the replayed provider says to a token. */
async function believed({ server, url }: Place, token: string): Promise<void> {
  const request = new Request('http://api.example/', { headers: { authorization: `Bearer ${token}` } })
  await oauth.validateJwtAccessToken(server, request, issuer.url, insecure)
  const guard = auth({
    issuer: issuer.url,
    jwksUri: `${url}/jwks`,
    audience: issuer.url,
    tokenSigningAlg: ALG,
    strict: true,
  })
  const api = await guardedServer(guard, (asked) => asked.auth?.payload.sub)
  const trust = {
    issuer: issuer.url,
    jwksUri: `${url}/jwks`,
    audience: issuer.url,
    alg: ALG,
    nonce: '',
    secret: undefined,
  } as const
  const others = python.clients.filter(({ name }) => name === 'PyJWT' || name === 'Authlib')
  try {
    const opened = [api, ...(await Promise.all(others.map((one) => one.open(trust))))]
    for (const one of opened) {
      const verdict = await one.verify(token)
      assert.equal(verdict.accepted, true, verdict.because)
    }
  } finally {
    await api.close()
  }
}

async function discover({ url }: Place): Promise<Record<string, string>> {
  const response = await fetch(`${url}/.well-known/openid-configuration`)
  const metadata = (await response.json()) as Record<string, string>
  await (await fetch(`${url}/jwks`)).arrayBuffer()
  return metadata
}

async function authorizeUrl(
  { server }: Place,
  parameters: Readonly<Record<string, string>>,
): Promise<{ readonly url: URL; readonly state: string; readonly nonce: string; readonly verifier: string }> {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: 'app',
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access',
    ...parameters,
    ...(parameters['response_type'] === 'code'
      ? { code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' }
      : {}),
    state,
    nonce,
  }).toString()
  return { url, state, nonce, verifier }
}

const SECRET = oauth.ClientSecretPost('any secret of the client')

async function codeFlow(place: Place): Promise<oauth.TokenEndpointResponse> {
  const { server, client } = place
  const { url, state, nonce, verifier } = await authorizeUrl(place, { response_type: 'code' })
  const answer = oauth.validateAuthResponse(server, client, await browserSteps().leadsTo(url), state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    SECRET,
    answer,
    CALLBACK,
    verifier,
    insecure,
  )
  const options = { expectedNonce: nonce, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, options)
  await oauth.validateApplicationLevelSignature(server, response, insecure)
  return tokens
}

suite('a login recorded with redaction from a real provider, half a year ago', () => {
  test('client_credentials', async (t) => {
    const { place, replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      const response = await oauth.clientCredentialsGrantRequest(at.server, at.client, SECRET, {}, insecure)
      return oauth.processClientCredentialsResponse(at.server, at.client, response)
    })
    await believed(place, replayed.access_token)
    const metadata = await discover(place)
    assert.equal(metadata['issuer'], issuer.url)
    assert.equal(new URL(metadata['jwks_uri'] ?? '').origin, place.url)
  })

  test('code with PKCE, nonce and at_hash; refresh with rotation', async (t) => {
    const { place, replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      const tokens = await codeFlow(at)
      const refreshed: oauth.TokenEndpointResponse[] = []
      for (let token = tokens.refresh_token; refreshed.length < 2; token = refreshed.at(-1)?.refresh_token) {
        const response = await oauth.refreshTokenGrantRequest(
          at.server,
          at.client,
          SECRET,
          token ?? '',
          insecure,
        )
        refreshed.push(await oauth.processRefreshTokenResponse(at.server, at.client, response))
      }
      return [tokens, ...refreshed]
    })
    for (const { access_token: token } of replayed) await believed(place, token)
    assert.equal(new Set(replayed.map(({ refresh_token: token }) => token)).size, 3)
  })

  test('implicit, in the fragment of a redirect', async (t) => {
    const { recorded, replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      openid.useIdTokenResponseType(at.config)
      const { url, state, nonce } = await authorizeUrl(at, { response_type: 'id_token' })
      const callback = await browserSteps().leadsTo(url)
      return openid.implicitAuthentication(at.config, callback, nonce, { expectedState: state })
    })
    assert.equal(replayed.sub, recorded.sub)
  })

  test('form_post, in a page that posts itself', async (t) => {
    const { recorded, replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      openid.useIdTokenResponseType(at.config)
      const { url, state, nonce } = await authorizeUrl(at, {
        response_type: 'id_token',
        response_mode: 'form_post',
      })
      const html = await (await browserSteps().open(url)).text()
      const inputs = [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)]
      const body = new URLSearchParams(
        inputs.map(([, name = '', value = '']): [string, string] => [name, value]),
      )
      const posted = new Request(CALLBACK, { method: 'POST', body })
      return openid.implicitAuthentication(at.config, posted, nonce, { expectedState: state })
    })
    assert.equal(replayed.sub, recorded.sub)
  })

  test('token exchange', async (t) => {
    const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
    const type = 'urn:ietf:params:oauth:token-type:access_token'
    const { place, replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      const { access_token: subject } = await codeFlow(at)
      const response = await oauth.genericTokenEndpointRequest(
        at.server,
        at.client,
        SECRET,
        grant,
        { subject_token: subject, subject_token_type: type },
        insecure,
      )
      return oauth.processGenericTokenEndpointResponse(at.server, at.client, response)
    })
    await believed(place, replayed.access_token)
  })

  test('introspection with a JWT for an answer', async (t) => {
    const { replayed } = await recordedThenReplayed(t, issuer.url, async (at) => {
      await discover(at)
      const { access_token: token } = await codeFlow(at)
      const response = await oauth.introspectionRequest(at.server, at.client, SECRET, token, {
        ...insecure,
        requestJwtResponse: true,
      })
      const answer = await oauth.processIntrospectionResponse(at.server, at.client, response)
      await oauth.validateApplicationLevelSignature(at.server, response, insecure)
      return answer
    })
    assert.deepEqual([replayed.active, replayed.sub], [true, 'test-user'])
  })

  test('a session JWT in a cookie', async (t) => {
    const target = await sessionServer(t)
    const { place, replayed } = await recordedThenReplayed(t, target, async ({ url }) => {
      await (await fetch(`${url}/jwks`)).arrayBuffer()
      const response = await fetch(`${url}/login`, { method: 'POST', body: 'user=u1' })
      const [cookie = ''] = response.headers.getSetCookie()
      return cookie
    })
    assert.match(replayed, /^session=[\w.-]+; Path=\/; Max-Age=300; HttpOnly$/)
    const token = replayed.slice('session='.length).split(';', 1)[0] ?? ''
    const keys = createRemoteJWKSet(new URL(`${place.url}/jwks`))
    assert.equal((await jwtVerify(token, keys)).payload.sub, 'u1')
  })
})

/** A web application of long ago with a session that is a JWT, and a JWKS for those behind it. */
async function sessionServer(t: TestContext): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 's1', alg: ALG, use: 'sig' }
  const server = createServer((request, response) => {
    if (request.url === '/jwks') {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
      return
    }
    const iat = Math.floor(long() / 1000)
    const claims = { sub: 'u1', iat, exp: iat + 300 }
    const token = jsonwebtoken.sign(claims, privateKey, { algorithm: ALG, keyid: 's1' })
    response.setHeader('Set-Cookie', `session=${token}; Path=/; Max-Age=300; HttpOnly`).end('hi')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}
