import assert from 'node:assert/strict'
import * as oidc from 'openid-client'
import { ALG, API, CALLBACK, CLIENT_ID, CLIENT_SECRET } from './client-settings.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE, type LoginClient, type Tokens } from './login-client.ts'
import { fetchAt, type Place } from './place.ts'
import { signIn } from './sign-in.ts'

export const OPENID_CLIENT_6: LoginClient = {
  name: 'openid-client 6',
  clientCredentials: async (place) =>
    oidc.clientCredentialsGrant(await discovered(place), { resource: API, scope: 'orders:read' }),
  codeThenRefresh: async (place) => {
    const config = await discovered(place)
    const { url, checks } = await authorization(config, { prompt: 'consent' })
    const first = await oidc.authorizationCodeGrant(config, await signIn(place, url), checks)
    const all: (oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers)[] = [first]
    for (let turn = 0; turn < 2; turn += 1)
      all.push(await oidc.refreshTokenGrant(config, all.at(-1)?.refresh_token ?? ''))
    return all.map((tokens): Tokens => ({ ...tokens, sub: tokens.claims()?.sub }))
  },
  implicit: async (place) => {
    const config = await discovered(place)
    oidc.useIdTokenResponseType(config)
    const { url, checks } = await authorization(config, {})
    const { expectedNonce = '', expectedState = '' } = checks
    return oidc.implicitAuthentication(config, await signIn(place, url), expectedNonce, { expectedState })
  },
  formPost: async (place) => {
    const config = await discovered(place)
    oidc.useCodeIdTokenResponseType(config)
    const { url, checks } = await authorization(config, { response_mode: 'form_post' })
    const tokens = await oidc.authorizationCodeGrant(config, await signIn(place, url), checks)
    return { ...tokens, sub: tokens.claims()?.sub }
  },
  tokenExchange: async (place) => {
    const config = configOf(place)
    const { access_token: token } = await oidc.clientCredentialsGrant(config)
    return oidc.genericGrantRequest(config, TOKEN_EXCHANGE, {
      subject_token: token,
      subject_token_type: ACCESS_TOKEN_TYPE,
    })
  },
  introspection: async (place) => {
    const config = await discovered(place)
    const { access_token: token } = await oidc.clientCredentialsGrant(config)
    return oidc.tokenIntrospection(config, token)
  },
}

const METADATA = { introspection_signed_response_alg: ALG, client_secret: CLIENT_SECRET }

async function discovered(place: Place): Promise<oidc.Configuration> {
  const metadata = { ...METADATA, [oidc.clockSkew]: place.aheadSeconds }
  const config = await oidc.discovery(
    new URL(place.staging),
    CLIENT_ID,
    metadata,
    oidc.ClientSecretPost(CLIENT_SECRET),
    {
      execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
      [oidc.customFetch]: fetchOf(place),
    },
  )
  assert.equal(config.serverMetadata().issuer, place.staging)
  return config
}

/** Of a server without discovery. */
function configOf(place: Place): oidc.Configuration {
  const server = { issuer: place.staging, token_endpoint: `${place.staging}/token` }
  const config = new oidc.Configuration(server, CLIENT_ID, METADATA, oidc.ClientSecretPost(CLIENT_SECRET))
  config[oidc.customFetch] = fetchOf(place)
  oidc.allowInsecureRequests(config)
  return config
}

function fetchOf(place: Place): oidc.CustomFetch {
  const reach = fetchAt(place)
  return (url, { method, headers, body }) =>
    reach(url, { method, headers, ...(body instanceof URLSearchParams ? { body } : {}) })
}

async function authorization(
  config: oidc.Configuration,
  more: Readonly<Record<string, string>>,
): Promise<{ readonly url: URL; readonly checks: oidc.AuthorizationCodeGrantChecks }> {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const [expectedNonce, expectedState] = [oidc.randomNonce(), oidc.randomState()]
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access orders:read',
    resource: API,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  })
  return { url, checks: { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true } }
}
