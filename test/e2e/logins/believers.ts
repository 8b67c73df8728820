import assert from 'node:assert/strict'
import { auth } from 'express-oauth2-jwt-bearer'
import { after } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import * as oauth from 'oauth4webapi'
import { guardedServer } from '../../clients/guarded-server.ts'
import { startPythonClients } from '../../clients/python-clients.ts'
import { ALG, API } from './client-settings.ts'
import { fetchAt, type Place } from './place.ts'

const python = await startPythonClients()
after(() => python.close())

/** What those say to an access token who guard the API; each fetches the keys from the replay. */
export async function believed(place: Place, token: string, jwks = '/jwks'): Promise<void> {
  const { staging: issuer, listener } = place
  const jwksUri = `${listener}${jwks}`
  const guard = auth({ issuer, jwksUri, audience: API, tokenSigningAlg: ALG })
  const api = await guardedServer(guard, (asked) => asked.auth?.payload.sub)
  const trust = { issuer, jwksUri, audience: API, alg: ALG, nonce: '', secret: undefined } as const
  // PyJWT's client of a JWKS takes no key without a kid, be it the only one.
  const names = decodeProtectedHeader(token).kid === undefined ? ['Authlib'] : ['Authlib', 'PyJWT']
  const others = python.clients.filter(({ name }) => names.includes(name))
  try {
    for (const one of [api, ...(await Promise.all(others.map((other) => other.open(trust))))]) {
      const verdict = await one.verify(token)
      assert.equal(verdict.accepted, true, verdict.because)
    }
  } finally {
    await api.close()
  }
}

/** What oauth4webapi says to a JWT access token of RFC 9068. */
export async function believedAsProfiled(place: Place, token: string): Promise<void> {
  const server = { issuer: place.staging, jwks_uri: `${place.staging}/jwks` }
  const request = new Request('http://api.example/', { headers: { authorization: `Bearer ${token}` } })
  await oauth.validateJwtAccessToken(server, request, API, {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (url, { method, headers }) => fetchAt(place)(url, { method, headers }),
  })
}
