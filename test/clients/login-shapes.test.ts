import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { RRPair } from '../../src/core/pair.ts'
import { scaffold } from '../../src/transform/scaffold/scaffold.ts'
import { aPair, type RequestFields, type ResponseFields } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'
import { aSource } from '../support/a-source.ts'

const ISSUER = 'https://idp.example.com'
const RECORDED_AT = Date.UTC(2026, 0, 1, 12)
const IAT = RECORDED_AT / 1000
const staging = generateKeyPairSync('rsa', { modulusLength: 2048 })
const insecure = { [oauth.allowInsecureRequests]: true }
const CLIENT: oauth.Client = { client_id: 'app', introspection_signed_response_alg: 'RS256' }
const CALLBACK = 'https://app.example/cb'

function aToken(claims: object, typ = 'JWT'): string {
  const body = { iss: ISSUER, aud: 'app', sub: 'u1', iat: IAT, exp: IAT + 300, ...claims }
  return jsonwebtoken.sign(body, staging.privateKey, {
    algorithm: 'RS256',
    keyid: 's1',
    header: { alg: 'RS256', typ },
  })
}

function halfOf(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}

const access = aToken({ client_id: 'app', jti: 'j1', aud: 'https://api' }, 'at+jwt')
const RECORDED_NONCE = 'recorded-nonce-1'
const idToken = aToken({ nonce: RECORDED_NONCE, at_hash: halfOf(access) })

let pairs = 0
function asked(request: RequestFields, response: ResponseFields): RRPair {
  pairs += 1
  return aPair({ id: pairs, at: RECORDED_AT, route: { listen: 'l', target: ISSUER }, request, response })
}

function posted(target: string, body: string, answer: object): RRPair {
  const headers = [['Content-Type', 'application/x-www-form-urlencoded']] as const
  const json = [['Content-Type', 'application/json']] as const
  return asked({ method: 'POST', target, body, headers }, { headers: json, body: JSON.stringify(answer) })
}

function jwksPair(): RRPair {
  const jwk = createPublicKey(staging.privateKey).export({ format: 'jwk' })
  const body = JSON.stringify({ keys: [{ ...jwk, kid: 's1', alg: 'RS256', use: 'sig' }] })
  return asked({ target: '/jwks' }, { headers: [['Content-Type', 'application/json']], body })
}

interface Replayed {
  readonly url: string
  readonly server: oauth.AuthorizationServer
  verify(token: string): Promise<Readonly<Record<string, unknown>>>
}

/** The pairs, recorded months ago, answered from a snapshot with the document that scaffold writes. */
async function replayed(t: TestContext, recorded: readonly RRPair[]): Promise<Replayed> {
  const all = [...recorded, jwksPair()].map((pair, index) => ({ ...pair, id: index + 1 }))
  const { yaml } = scaffold(aSource(...all), { snapshot: 't', schemaPath: undefined })
  const { urls } = await aReplay(t, await aSnapshot(t, all), yaml)
  const url = urls[0] ?? ''
  const keys = createRemoteJWKSet(new URL(`${url}/jwks`))
  return {
    url,
    server: {
      issuer: ISSUER,
      jwks_uri: `${url}/jwks`,
      token_endpoint: `${url}/token`,
      introspection_endpoint: `${url}/introspect`,
    },
    verify: async (token) => (await jwtVerify(token, keys, { issuer: ISSUER })).payload,
  }
}

suite('a login recorded long ago is believed today', () => {
  test('client_credentials', async (t) => {
    const answer = { access_token: access, token_type: 'Bearer', expires_in: 300 }
    const { server, verify } = await replayed(t, [
      posted('/token', 'grant_type=client_credentials&client_id=app', answer),
    ])
    const response = await oauth.clientCredentialsGrantRequest(server, CLIENT, oauth.None(), {}, insecure)
    const tokens = await oauth.processClientCredentialsResponse(server, CLIENT, response)
    assert.equal((await verify(tokens.access_token))['jti'], 'j1')
  })

  test('code with PKCE, an id_token and the nonce of the live request', async (t) => {
    const location = `${CALLBACK}?code=c1&state=recorded`
    const answer = { access_token: access, id_token: idToken, token_type: 'Bearer', expires_in: 300 }
    const form = `redirect_uri=${encodeURIComponent(CALLBACK)}&code_verifier=old&grant_type=authorization_code&code=c1&client_id=app`
    const { url, server, verify } = await replayed(t, [
      asked(
        { target: `/authorize?client_id=app&nonce=${RECORDED_NONCE}&state=recorded` },
        { status: 302, headers: [['Location', location]] },
      ),
      posted('/token', form, answer),
    ])
    const login = await fetch(`${url}/authorize?client_id=app&nonce=live-nonce&state=live`, {
      redirect: 'manual',
    })
    const callback = new URL(login.headers.get('location') ?? '')
    const params = oauth.validateAuthResponse(server, CLIENT, callback, 'live')
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      CLIENT,
      oauth.None(),
      params,
      CALLBACK,
      'v'.repeat(43),
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, CLIENT, response, {
      expectedNonce: 'live-nonce',
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(server, response, insecure)
    await verify(tokens.access_token)
    assert.equal(decodeJwt(tokens.id_token ?? '')['at_hash'], halfOf(tokens.access_token))
  })

  test('refresh with rotation', async (t) => {
    const again = aToken({ client_id: 'app', jti: 'j2', aud: 'https://api' }, 'at+jwt')
    const first = { access_token: access, token_type: 'Bearer', expires_in: 300, refresh_token: 'r2' }
    const second = { access_token: again, token_type: 'Bearer', expires_in: 300, refresh_token: 'r3' }
    const { server, verify } = await replayed(t, [
      posted('/token', 'refresh_token=r1&grant_type=refresh_token&client_id=app', first),
      posted('/token', 'refresh_token=r2&grant_type=refresh_token&client_id=app', second),
    ])
    const refreshed = async (token: string): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.refreshTokenGrantRequest(server, CLIENT, oauth.None(), token, insecure)
      return oauth.processRefreshTokenResponse(server, CLIENT, response)
    }
    const one = await refreshed('r1')
    const two = await refreshed(one.refresh_token ?? '')
    assert.deepEqual(
      [(await verify(one.access_token))['jti'], (await verify(two.access_token))['jti']],
      ['j1', 'j2'],
    )
  })

  const implicit = async (server: oauth.AuthorizationServer, currentUrl: URL | Request) => {
    const config = new openid.Configuration(server, 'app', {
      id_token_signed_response_alg: 'RS256',
    })
    openid.useIdTokenResponseType(config)
    openid.allowInsecureRequests(config)
    return openid.implicitAuthentication(config, currentUrl, 'live-nonce', { expectedState: 'live' })
  }
  const implicitToken = aToken({ nonce: RECORDED_NONCE })
  const AUTHORIZE = `/authorize?response_type=id_token&client_id=app&nonce=${RECORDED_NONCE}&state=recorded`
  const LIVE = AUTHORIZE.replace(RECORDED_NONCE, 'live-nonce').replace('=recorded', '=live')

  test('implicit, in the fragment of a redirect', async (t) => {
    const location = `${CALLBACK}#id_token=${implicitToken}&state=recorded`
    const { url, server } = await replayed(t, [
      asked({ target: AUTHORIZE }, { status: 302, headers: [['Location', location]] }),
    ])
    const login = await fetch(`${url}${LIVE}`, {
      redirect: 'manual',
    })
    const claims = await implicit(server, new URL(login.headers.get('location') ?? ''))
    assert.deepEqual([claims.nonce, claims.sub], ['live-nonce', 'u1'])
  })

  test('form_post, in a page that posts itself', async (t) => {
    const page = `<form action="${CALLBACK}" method="post"><input type="hidden" name="id_token" value="${implicitToken}"/><input type="hidden" name="state" value="recorded"/></form>`
    const { url, server } = await replayed(t, [
      asked({ target: AUTHORIZE }, { headers: [['Content-Type', 'text/html']], body: page }),
    ])
    const html = await (await fetch(`${url}${LIVE}`)).text()
    const form = new URLSearchParams(
      [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value],
      ),
    )
    const claims = await implicit(server, new Request(CALLBACK, { method: 'POST', body: form }))
    assert.equal(claims.nonce, 'live-nonce')
  })

  test('a session JWT in a cookie', async (t) => {
    const cookie = `session=${aToken({ sid: 's' })}; Path=/; Max-Age=300; HttpOnly`
    const { url, verify } = await replayed(t, [
      asked({ target: '/home' }, { headers: [['Set-Cookie', cookie]], body: 'hi' }),
    ])
    const [served = ''] = (await fetch(`${url}/home`)).headers.getSetCookie()
    assert.match(served, /^session=[\w.-]+; Path=\/; Max-Age=300; HttpOnly$/)
    assert.equal((await verify(served.slice('session='.length).split(';', 1)[0] ?? ''))['sid'], 's')
  })

  test('token exchange', async (t) => {
    const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
    const type = 'urn:ietf:params:oauth:token-type:access_token'
    const exchanged = aToken({ client_id: 'app', act: { sub: 'svc' }, aud: 'https://b' }, 'at+jwt')
    const answer = { access_token: exchanged, issued_token_type: type, token_type: 'Bearer', expires_in: 300 }
    const form = new URLSearchParams({
      subject_token: 'opaque-subject',
      subject_token_type: type,
      grant_type: grant,
      client_id: 'app',
    })
    const { server, verify } = await replayed(t, [posted('/token', form.toString(), answer)])
    const response = await oauth.genericTokenEndpointRequest(
      server,
      CLIENT,
      oauth.None(),
      grant,
      { subject_token: 'opaque-subject', subject_token_type: type },
      insecure,
    )
    const tokens = await oauth.processGenericTokenEndpointResponse(server, CLIENT, response)
    assert.deepEqual((await verify(tokens.access_token))['act'], { sub: 'svc' })
  })

  test('introspection with a JWT for an answer', async (t) => {
    const claims = { token_introspection: { active: true, sub: 'u1' }, sub: undefined }
    const body = aToken(claims, 'token-introspection+jwt')
    const headers = [['Content-Type', 'application/token-introspection+jwt']] as const
    const request = {
      method: 'POST',
      target: '/introspect',
      body: 'token=opaque&client_id=app',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']] as const,
    }
    const { server } = await replayed(t, [asked(request, { headers, body })])
    const response = await oauth.introspectionRequest(server, CLIENT, oauth.None(), 'opaque', {
      ...insecure,
      requestJwtResponse: true,
    })
    const answer = await oauth.processIntrospectionResponse(server, CLIENT, response)
    assert.deepEqual([answer.active, answer.sub], [true, 'u1'])
    await oauth.validateApplicationLevelSignature(server, response, insecure)
  })
})
