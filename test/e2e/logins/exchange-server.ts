import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { AuthorizationServer, OAuthException } from '@jmondi/oauth2-server'
import { handleExpressError, handleExpressResponse, requestFromExpress } from '@jmondi/oauth2-server/express'
import express from 'express'
import jsonwebtoken from 'jsonwebtoken'
import { ALG, API, CLIENT_ID, CLIENT_SECRET } from './client-settings.ts'
import { serveParent } from './server-process.ts'

// @jmondi/oauth2-server with its token exchange grant: its tokens name no key in `kid`.
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const client = {
  id: CLIENT_ID,
  name: 'Orders',
  secret: CLIENT_SECRET,
  redirectUris: [],
  allowedGrants: ['client_credentials' as const, 'urn:ietf:params:oauth:grant-type:token-exchange' as const],
  scopes: [],
}

serveParent((origin) => {
  const jwt = {
    sign: async (payload: string | Buffer | Record<string, unknown>) =>
      jsonwebtoken.sign(payload, privateKey, { algorithm: ALG }),
    decode: (token: string) => jsonwebtoken.decode(token),
    verify: async (token: string): Promise<Record<string, unknown>> => {
      const claims = jsonwebtoken.verify(token, publicKey, { algorithms: [ALG], issuer: origin })
      return typeof claims === 'string' ? {} : claims
    },
    extraTokenFields: () => ({ aud: API }),
  }
  const server = new AuthorizationServer(
    {
      getByIdentifier: async (id) =>
        id === CLIENT_ID ? client : Promise.reject(OAuthException.invalidClient()),
      isClientValid: async (grant, { allowedGrants }, secret) =>
        secret === CLIENT_SECRET && allowedGrants.includes(grant),
    },
    {
      issueToken: async (of, scopes, user) => ({
        accessToken: randomUUID(),
        accessTokenExpiresAt: new Date(),
        client: of,
        user: user ?? null,
        scopes,
      }),
      persist: async () => {},
      revoke: async () => {},
      issueRefreshToken: async (token) => token,
      isRefreshTokenRevoked: async () => true,
      getByRefreshToken: () => Promise.reject(OAuthException.badRequest('There are no refresh tokens')),
    },
    { getAllByIdentifiers: async () => [], finalize: async (scopes) => scopes },
    jwt,
    { issuer: origin },
  )
  server.enableGrantTypes('client_credentials')
  server.enableGrantType({
    grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
    processTokenExchange: async ({ subjectToken }) => {
      const { sub, jti } = await jwt.verify(subjectToken)
      return { id: String(sub ?? jti) }
    },
  })
  const app = express()
  app.use(express.urlencoded())
  app.get('/jwks', (_, response) => {
    response.json({ keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: ALG }] })
  })
  app.post('/token', (request, response) => {
    server.respondToAccessTokenRequest(requestFromExpress(request)).then(
      (answer) => handleExpressResponse(response, answer),
      (error: unknown) => handleExpressError(error, response),
    )
  })
  return app
})
