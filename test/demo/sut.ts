import jwt from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import { AUDIENCE, CLIENT, serveLocally, type LocalServer } from './staging.ts'

/** Where the service under test finds its backends. */
export interface SutBackends {
  readonly tokenUrl: string
  readonly inventory: string
  /** What `iss` must say. */
  readonly issuer: string
  /** The provider's keys by URL, or one public key pinned as PEM. */
  readonly trust: { readonly jwksUri: string } | { readonly publicKey: string }
  /** Who it is at the provider; default the first client of staging. */
  readonly client?: typeof CLIENT
}

/**
 * The service under test: for `GET /orders/<sku>` it fetches an access token, believes it only if its signature, times,
 * issuer and audience hold, and asks the inventory with it.
 */
export function startSut(backends: SutBackends): Promise<LocalServer> {
  const keyFor = trustedKeys(backends)
  return serveLocally(() => async (request, response) => {
    response.setHeader('Content-Type', 'application/json')
    try {
      const token = await fetchToken(backends)
      const key = await keyFor(jwt.decode(token, { complete: true })?.header.kid)
      jwt.verify(token, key, { algorithms: ['RS256'], issuer: backends.issuer, audience: AUDIENCE })
      const sku = request.url?.split('/').at(-1) ?? ''
      const answer = await fetch(`${backends.inventory}/inventory/${sku}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      if (!answer.ok) throw new Error(`inventory answered ${answer.status}`)
      response.end(JSON.stringify({ ordered: await answer.json() }))
    } catch (error) {
      response.statusCode = 502
      response.end(JSON.stringify({ refused: error instanceof Error ? error.message : String(error) }))
    }
  })
}

function trustedKeys({ trust }: SutBackends): (kid: string | undefined) => Promise<string> {
  if ('publicKey' in trust) return () => Promise.resolve(trust.publicKey)
  const client = new JwksClient({ jwksUri: trust.jwksUri })
  return async (kid) => (await client.getSigningKey(kid)).getPublicKey()
}

async function fetchToken({ tokenUrl, client = CLIENT }: SutBackends): Promise<string> {
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: client.secret,
      scope: 'inventory:read',
    }),
  })
  const body: unknown = await answer.json()
  const token =
    typeof body === 'object' && body !== null && 'access_token' in body ? body.access_token : undefined
  if (typeof token !== 'string') throw new Error(`the provider answered ${answer.status} without a token`)
  return token
}
