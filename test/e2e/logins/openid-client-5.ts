import { custom, generators, Issuer, type BaseClient, type TokenSet } from 'openid-client-5'
import { ALG, API, CALLBACK, CLIENT_ID, CLIENT_SECRET } from './client-settings.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE, type LoginClient, type Tokens } from './login-client.ts'
import { fetchAt, listenerUrl, type Place } from './place.ts'
import { signIn } from './sign-in.ts'

/** Unlike its successor it compares `at_hash`, `c_hash` and `s_hash` wherever they are. */
export const OPENID_CLIENT_5: LoginClient = {
  name: 'openid-client 5',
  clientCredentials: async (place) =>
    (await discovered(place)).grant({
      grant_type: 'client_credentials',
      resource: API,
      scope: 'orders:read',
    }),
  codeThenRefresh: async (place) => {
    const client = await discovered(place)
    const first = await login(place, client, { prompt: 'consent' })
    const second = await client.refresh(first)
    return [first, second, await client.refresh(second)].map(withSubject)
  },
  implicit: async (place) =>
    withSubject(await login(place, await discovered(place), { response_type: 'id_token token' })),
  formPost: async (place) => {
    const wishes = { response_type: 'code id_token', response_mode: 'form_post' }
    return withSubject(await login(place, await discovered(place), wishes))
  },
  tokenExchange: async (place) => {
    const client = clientOf(place, { issuer: place.staging, token_endpoint: `${place.listener}/token` })
    const { access_token: token = '' } = await client.grant({ grant_type: 'client_credentials' })
    return client.grant({
      grant_type: TOKEN_EXCHANGE,
      subject_token: token,
      subject_token_type: ACCESS_TOKEN_TYPE,
    })
  },
}

async function login(
  place: Place,
  client: BaseClient,
  wishes: Readonly<Record<string, string>>,
): Promise<TokenSet> {
  const [verifier, nonce, state] = [generators.codeVerifier(), generators.nonce(), generators.state()]
  const url = client.authorizationUrl({
    redirect_uri: CALLBACK,
    scope: 'openid email offline_access orders:read',
    resource: API,
    state,
    nonce,
    code_challenge: generators.codeChallenge(verifier),
    code_challenge_method: 'S256',
    ...wishes,
  })
  const came = await signIn(place, new URL(url))
  const parameters = client.callbackParams(await incoming(came))
  const { response_type: type = 'code' } = wishes
  return client.callback(CALLBACK, parameters, {
    state,
    nonce,
    response_type: type,
    ...(type.includes('code') ? { code_verifier: verifier } : {}),
  })
}

function withSubject(tokens: TokenSet): Tokens {
  const { access_token, refresh_token, id_token, expires_in } = tokens
  return { access_token, refresh_token, id_token, expires_in, sub: tokens.claims().sub }
}

/** The answer as openid-client 5 reads it: the parameters of a fragment come to the application as a query does. */
async function incoming(came: URL | Request): Promise<string> {
  if (came instanceof URL) return came.href.replace('#', '?')
  return `${CALLBACK}?${await came.text()}`
}

async function discovered(place: Place): Promise<BaseClient> {
  const answer = await fetchAt(place)(`${place.staging}/.well-known/openid-configuration`)
  const metadata = (await answer.json()) as Record<string, string>
  const reached = Object.entries(metadata).map(([name, value]): [string, unknown] => [
    name,
    name !== 'issuer' && URL.canParse(value) ? listenerUrl(place, value) : value,
  ])
  return clientOf(place, { ...Object.fromEntries(reached), issuer: String(metadata['issuer']) })
}

function clientOf(
  place: Place,
  metadata: { readonly issuer: string; readonly [name: string]: unknown },
): BaseClient {
  const { Client } = new Issuer(metadata)
  const client = new Client({
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: ALG,
  })
  client[custom.clock_tolerance] = Math.abs(place.aheadSeconds) * 2
  return client
}
