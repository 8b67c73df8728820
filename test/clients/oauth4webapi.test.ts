import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import type { AlgName } from '../../src/keys/algorithms.ts'
import { browserSteps } from './browser-steps.ts'
import { startIssuer } from './issuer-server.ts'

const CALLBACK = 'https://app.example/callback'
const insecure = { [oauth.allowInsecureRequests]: true }

/** The hash of each alg's `at_hash`, as the id_token's own alg has it (OpenID Connect Core §3.1.3.6). */
const HASHES: readonly (readonly [AlgName, string])[] = [
  ['RS256', 'sha256'],
  ['PS384', 'sha384'],
  ['ES512', 'sha512'],
  ['EdDSA', 'sha512'],
]

for (const [alg, hash] of HASHES) {
  suite(`oauth4webapi with ${alg}`, async () => {
    const { url, close } = await startIssuer({ settings: { login: 'auto' }, keys: { algs: [alg] } })
    after(close)
    const server = await discovered(url)
    const client: oauth.Client = {
      client_id: 'app',
      id_token_signed_response_alg: alg,
      introspection_signed_response_alg: alg,
      require_auth_time: true,
    }

    test('accepts the code flow with every check it has: state, iss, nonce, auth_time, signature, typ', async () => {
      const { tokens, raw } = await codeFlow(server, client)
      const claims = oauth.getValidatedIdTokenClaims(tokens) ?? assert.fail('no ID token')
      assert.deepEqual([claims.iss, claims.sub, claims.aud], [url, 'test-user', 'app'])
      await oauth.validateApplicationLevelSignature(server, raw, insecure)
      const request = new Request(url, { headers: { authorization: `Bearer ${tokens.access_token}` } })
      const access = await oauth.validateJwtAccessToken(server, request, url, insecure)
      assert.deepEqual([access.sub, access.client_id, access.scope], ['test-user', 'app', 'openid email'])
      const answer = await oauth.userInfoRequest(server, client, tokens.access_token, insecure)
      const info = await oauth.processUserInfoResponse(server, client, claims.sub, answer)
      assert.equal(info.email, 'test-user@example.com')
    })

    test(`finds the at_hash to be the left half of ${hash}`, async () => {
      const { tokens } = await codeFlow(server, client)
      const whole = createHash(hash).update(tokens.access_token).digest()
      const expected = whole.subarray(0, whole.length / 2).toString('base64url')
      assert.equal(decodeJwt(tokens.id_token ?? '')['at_hash'], expected)
    })

    test('accepts a signed answer of introspection (RFC 9701)', async () => {
      const { tokens } = await codeFlow(server, client)
      const answer = await oauth.introspectionRequest(
        server,
        client,
        oauth.ClientSecretPost('s'),
        tokens.access_token,
        { ...insecure, requestJwtResponse: true },
      )
      assert.equal(answer.headers.get('content-type'), 'application/token-introspection+jwt')
      const found = await oauth.processIntrospectionResponse(server, client, answer)
      await oauth.validateApplicationLevelSignature(server, answer, insecure)
      assert.deepEqual([found.active, found.sub, found.client_id], [true, 'test-user', 'app'])
    })
  })
}

async function discovered(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure))
}

async function codeFlow(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
): Promise<{ readonly tokens: oauth.TokenEndpointResponse; readonly raw: Response }> {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid email',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    max_age: '60',
    state,
    nonce,
  }).toString()
  const parameters = oauth.validateAuthResponse(server, client, await browserSteps().leadsTo(url), state)
  const raw = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretBasic('any secret'),
    parameters,
    CALLBACK,
    verifier,
    insecure,
  )
  const options = { expectedNonce: nonce, requireIdToken: true, maxAge: 60 }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, raw, options)
  return { tokens, raw }
}
