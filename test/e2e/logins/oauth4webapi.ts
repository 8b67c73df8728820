import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { ALG, API, CALLBACK, CLIENT_ID, CLIENT_SECRET } from './client-settings.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE, type LoginClient, type Tokens } from './login-client.ts'
import { fetchAt, type Place } from './place.ts'
import { signIn } from './sign-in.ts'

const SECRET = oauth.ClientSecretPost(CLIENT_SECRET)

export const OAUTH4WEBAPI: LoginClient = {
  name: 'oauth4webapi',
  clientCredentials: async (place) => {
    const { server, client, options } = await discovered(place)
    const wishes = { resource: API, scope: 'orders:read' }
    const response = await oauth.clientCredentialsGrantRequest(server, client, SECRET, wishes, options)
    return oauth.processClientCredentialsResponse(server, client, response)
  },
  codeThenRefresh: async (place) => {
    const party = await discovered(place)
    const all = [await codeLogin(place, party)]
    for (let turn = 0; turn < 2; turn += 1) {
      const { server, client, options } = party
      const token = all.at(-1)?.refresh_token ?? ''
      const response = await oauth.refreshTokenGrantRequest(server, client, SECRET, token, options)
      all.push(await oauth.processRefreshTokenResponse(server, client, response))
    }
    return all.map((tokens): Tokens => ({ ...tokens, sub: oauth.getValidatedIdTokenClaims(tokens)?.sub }))
  },
  tokenExchange: async (place) => {
    const server = { issuer: place.staging, token_endpoint: `${place.staging}/token` }
    const { client, options } = partyOf(place, server)
    const own = await oauth.clientCredentialsGrantRequest(server, client, SECRET, {}, options)
    const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, own)
    const wishes = { subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE }
    const response = await oauth.genericTokenEndpointRequest(
      server,
      client,
      SECRET,
      TOKEN_EXCHANGE,
      wishes,
      options,
    )
    return oauth.processGenericTokenEndpointResponse(server, client, response)
  },
  introspection: async (place) => {
    const { server, client, options } = await discovered(place)
    const own = await oauth.clientCredentialsGrantRequest(server, client, SECRET, {}, options)
    const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, own)
    const response = await oauth.introspectionRequest(server, client, SECRET, token, {
      ...options,
      requestJwtResponse: true,
    })
    const answer = await oauth.processIntrospectionResponse(server, client, response)
    await oauth.validateApplicationLevelSignature(server, response, options)
    return answer
  },
}

/** Options of each request: it goes to the listener. */
interface Reaching {
  readonly [oauth.allowInsecureRequests]: true
  readonly [oauth.customFetch]: (
    url: string,
    init: oauth.CustomFetchOptions<'GET' | 'POST', URLSearchParams | undefined>,
  ) => Promise<Response>
}

interface Party {
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly options: Reaching
}

async function discovered(place: Place): Promise<Party> {
  const issuer = new URL(place.staging)
  const { options } = partyOf(place, { issuer: place.staging })
  const response = await oauth.discoveryRequest(issuer, options)
  return partyOf(place, await oauth.processDiscoveryResponse(issuer, response))
}

function partyOf(place: Place, server: oauth.AuthorizationServer): Party {
  const reach = fetchAt(place)
  return {
    server,
    client: {
      client_id: CLIENT_ID,
      id_token_signed_response_alg: ALG,
      introspection_signed_response_alg: ALG,
      [oauth.clockSkew]: place.aheadSeconds,
    },
    options: {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url, { method, headers, body }) =>
        reach(url, { method, headers, body: body ?? null }),
    },
  }
}

async function codeLogin(
  place: Place,
  { server, client, options }: Party,
): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    client_id: CLIENT_ID,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access orders:read',
    resource: API,
    prompt: 'consent',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  }).toString()
  const came = await signIn(place, url)
  assert.ok(came instanceof URL)
  const answer = oauth.validateAuthResponse(server, client, came, state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    SECRET,
    answer,
    CALLBACK,
    verifier,
    options,
  )
  const checks = { expectedNonce: nonce, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, checks)
  await oauth.validateApplicationLevelSignature(server, response, options)
  return tokens
}
