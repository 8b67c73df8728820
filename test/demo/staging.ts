import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import jwt from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import Provider from 'oidc-provider'

/** Two real services on loopback: an OpenID provider and an API that believes its tokens. */
export interface Staging {
  /** What its tokens name in `iss`; the OpenID provider's origin. */
  readonly issuer: string
  readonly inventory: string
  stop(): Promise<void>
}

export const AUDIENCE = 'urn:inventory'
export const CLIENT = { id: 'orders', secret: 'orders-secret-of-staging' }
/** Another client of the same services, with a stock of its own. */
export const OTHER_CLIENT = { id: 'wholesale', secret: 'wholesale-secret-of-staging' }

/** @param tokenSeconds how long an access token lives */
export async function startStaging(tokenSeconds: number): Promise<Staging> {
  const provider = await startProvider(tokenSeconds)
  const inventory = await startInventory(provider.origin)
  return {
    issuer: provider.origin,
    inventory: inventory.origin,
    stop: async () => {
      await Promise.all([provider.stop(), inventory.stop()])
    },
  }
}

/** A server on a free port of loopback. */
export interface LocalServer {
  readonly origin: string
  stop(): Promise<void>
}

/** @param listenerFor makes the listener once the origin is known */
export async function serveLocally(listenerFor: (origin: string) => RequestListener): Promise<LocalServer> {
  const server: Server = createServer()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await ready
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port was bound')
  const origin = `http://127.0.0.1:${address.port}`
  server.on('request', listenerFor(origin))
  return {
    origin,
    stop: () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      return closed
    },
  }
}

/** panva's oidc-provider, giving RS256 JWT access tokens for client_credentials. */
function startProvider(tokenSeconds: number): Promise<LocalServer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'staging-2026', use: 'sig', alg: 'RS256' }
  return serveLocally((origin) => {
    const provider = new Provider(origin, {
      clients: [CLIENT, OTHER_CLIENT].map(({ id, secret }) => ({
        client_id: id,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_post',
      })),
      jwks: { keys: [jwk] },
      cookies: { keys: ['loopback-only'] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: 'inventory:read',
            audience: AUDIENCE,
            accessTokenTTL: tokenSeconds,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    })
    const answer = provider.callback()
    return (request, response) => void answer(request, response)
  })
}

/** By client, then by article. */
const STOCK: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  [CLIENT.id]: { apple: 12, pear: 0 },
  [OTHER_CLIENT.id]: { apple: 900, pear: 70 },
}

/** Answers `GET /inventory/<sku>` to bearers whose token the provider signed, and `GET /events` to everybody. */
function startInventory(issuer: string): Promise<LocalServer> {
  const keys = new JwksClient({ jwksUri: `${issuer}/jwks` })
  return serveLocally(() => async (request, response) => {
    if (request.url === '/events') {
      tellStock(response)
      return
    }
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    let client = ''
    try {
      const kid = jwt.decode(token, { complete: true })?.header.kid
      const key = await keys.getSigningKey(kid)
      client = String(
        jwt.verify(token, key.getPublicKey(), { algorithms: ['RS256'], issuer, audience: AUDIENCE }).sub,
      )
    } catch {
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end()
      return
    }
    const sku = request.url?.split('/').at(-1) ?? ''
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ sku, available: STOCK[client]?.[sku] ?? 0 }))
  })
}

/** Three changes as server-sent events; the stream stays open, as such streams do, until the client goes. */
function tellStock(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  let next = 1
  const timer = setInterval(() => {
    response.write(`id: ${next}\nevent: stock\ndata: apple ${13 - next}\n\n`)
    next += 1
    if (next > 3) clearInterval(timer)
  }, 20)
  response.once('close', () => clearInterval(timer))
}
