import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'
import { ALG, API, CALLBACK, CLIENT_ID, CLIENT_SECRET } from './client-settings.ts'
import { serveParent } from './server-process.ts'

/** How long an access token for the API lives. */
const TOKEN_SECONDS = 300

// panva's oidc-provider, certified by the OpenID Foundation, with the pages it brings for login and consent.
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'staging-2026', use: 'sig', alg: ALG }

serveParent((origin) => {
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [CALLBACK],
        grant_types: [
          'authorization_code',
          'refresh_token',
          'implicit',
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:device_code',
        ],
        response_types: ['code', 'id_token', 'id_token token', 'code id_token'],
        token_endpoint_auth_method: 'client_secret_post',
        introspection_signed_response_alg: ALG,
      },
    ],
    responseTypes: ['code', 'id_token', 'id_token token', 'code id_token'],
    jwks: { keys: [jwk] },
    cookies: { keys: ['loopback-only'] },
    claims: { openid: ['sub'], email: ['email'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com` }),
    }),
    conformIdTokenClaims: false,
    rotateRefreshToken: true,
    ttl: { AccessToken: TOKEN_SECONDS, IdToken: TOKEN_SECONDS },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'orders:read',
          audience: API,
          accessTokenTTL: TOKEN_SECONDS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: ALG } },
        }),
      },
    },
  })
  const answer = provider.callback()
  return (request, response) => void answer(request, response)
})
