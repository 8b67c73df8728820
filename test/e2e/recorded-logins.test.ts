import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { decodeJwt } from 'jose'
import { reseal, resealServer } from '../demo/reseal-process.ts'
import { believed, believedAsProfiled } from './logins/believers.ts'
import { API, CLIENT_ID, USER } from './logins/client-settings.ts'
import type { LoginClient, Tokens } from './logins/login-client.ts'
import { OAUTH4WEBAPI } from './logins/oauth4webapi.ts'
import { OPENID_CLIENT_5 } from './logins/openid-client-5.ts'
import { OPENID_CLIENT_6 } from './logins/openid-client-6.ts'
import { visits } from './logins/session-client.ts'
import { fetchAt, type Place } from './logins/place.ts'
import { AGE_MS, LONG_AGO, startLongAgo } from './logins/server-process.ts'

const CLIENTS: readonly LoginClient[] = [OPENID_CLIENT_6, OPENID_CLIENT_5, OAUTH4WEBAPI]

suite('logins recorded 200 days ago from a server that is gone', () => {
  for (const recorder of CLIENTS) {
    test(`of oidc-provider with ${recorder.name}`, async (t) => {
      const place = await recordedLongAgo(t, 'openid-provider.ts', async (at) => {
        await recorder.clientCredentials(at)
        await recorder.codeThenRefresh(at)
        await recorder.implicit?.(at)
        await recorder.formPost?.(at)
        await recorder.introspection?.(at)
        await (await fetchAt(at)('/jwks')).arrayBuffer()
      })
      for (const client of CLIENTS) await ofProvider(t, place, recorder, client)
    })
  }

  test('of @jmondi/oauth2-server, which exchanges tokens, with openid-client 6', async (t) => {
    const place = await recordedLongAgo(t, 'exchange-server.ts', async (at) => {
      await OPENID_CLIENT_6.tokenExchange(at)
      await (await fetchAt(at)('/jwks')).arrayBuffer()
    })
    for (const client of CLIENTS) await fresh(place, [await client.tokenExchange(place)])
  })

  test('of a web application on Express with a session JWT in a cookie', async (t) => {
    const keys = '/.well-known/jwks.json'
    const place = await recordedLongAgo(t, 'session-server.ts', async (at) => {
      await visits(at)
      await (await fetchAt(at)(keys)).arrayBuffer()
    })
    const all = await visits(place)
    assert.deepEqual(
      all.map(({ body }) => body),
      [undefined, { user: USER, visits: 0 }, { user: USER, visits: 1 }],
    )
    for (const { token, attributes } of all) {
      await believed(place, token, keys)
      const { exp = 0 } = decodeJwt(token)
      const [, expires = ''] = /Expires=([^;]+)/.exec(attributes) ?? []
      assert.ok(Math.abs(Date.parse(expires) / 1000 - exp) <= 1, attributes)
      assert.match(attributes, /^ Max-Age=900; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
    }
  })
})

/** Each login that the recording has, by a client that need not be the recorder. */
async function ofProvider(
  t: TestContext,
  place: Place,
  recorder: LoginClient,
  client: LoginClient,
): Promise<void> {
  await t.test(`client_credentials, by ${client.name}`, async () => {
    const tokens = await client.clientCredentials(place)
    await fresh(place, [tokens])
    await believedAsProfiled(place, tokens.access_token ?? '')
  })
  await t.test(`code with PKCE and an id_token, then two refreshes, by ${client.name}`, async () => {
    const all = await client.codeThenRefresh(place)
    assert.deepEqual(
      all.map(({ sub }) => sub),
      [USER, USER, USER],
    )
    assert.equal(new Set(all.map(({ refresh_token: token }) => token)).size, 3)
    await fresh(place, all)
  })
  const { implicit, formPost, introspection } = client
  // Of the two libraries that know it, each has a response type of its own.
  if (implicit !== undefined && client === recorder)
    await t.test(`implicit, in the fragment of a redirect, by ${client.name}`, async () => {
      const tokens = await implicit(place)
      assert.equal(tokens.sub, USER)
      if (tokens.access_token !== undefined) await fresh(place, [tokens])
    })
  if (formPost !== undefined && recorder.formPost !== undefined)
    await t.test(`form_post, in a page that posts itself, by ${client.name}`, async () => {
      const tokens = await formPost(place)
      assert.equal(tokens.sub, USER)
      await fresh(place, [tokens])
    })
  if (introspection !== undefined && recorder.introspection !== undefined)
    await t.test(`introspection with a JWT for an answer, by ${client.name}`, async () => {
      const { active, client_id: of, exp } = await introspection(place)
      assert.deepEqual([active, of], [true, CLIENT_ID])
      assert.ok(Number(exp) > Date.now() / 1000, 'what is active has not expired')
    })
}

/** Records a login through `reseal record` long ago, lets the server go, and replays with the document that was scaffolded. */
async function recordedLongAgo(
  t: TestContext,
  script: string,
  login: (place: Place) => Promise<unknown>,
): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-logins-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const listen = ['--listen', '127.0.0.1:0']
  const server = await startLongAgo(script)
  try {
    const record = ['record', 't', '--target', server.origin, ...listen]
    const recorder = await resealServer(record, directory, 1, LONG_AGO)
    try {
      await login({ staging: server.origin, listener: recorder.urls[0] ?? '', aheadSeconds: -AGE_MS / 1000 })
    } finally {
      assert.equal((await recorder.stop()).code, 0)
    }
  } finally {
    await server.stop()
  }
  const [check, secrets, replay] = await Promise.all([
    reseal(['transform', 'check', 't', '--strict'], directory),
    reseal(['verify', 't', '--secrets'], directory),
    resealServer(['replay', 't', ...listen], directory),
  ])
  t.after(() => replay.stop())
  for (const { code, stdout, stderr } of [check, secrets]) assert.equal(code, 0, stdout + stderr)
  return { staging: server.origin, listener: replay.urls[0] ?? '', aheadSeconds: 0 }
}

/** Each access token is believed by those who guard the API, and lives as long as it says. */
async function fresh(place: Place, all: readonly Tokens[]): Promise<void> {
  for (const tokens of all) {
    const token = tokens.access_token ?? ''
    const { exp = 0, iat = 0, aud } = decodeJwt(token)
    assert.equal(aud, API)
    const told = tokens.expires_in ?? exp - iat
    // One that was given before is told to live for what is left of its life.
    const left = exp - (Date.now() / 1000 + place.aheadSeconds)
    assert.ok(told <= exp - iat && told >= left - 1, `${told} s of ${exp - iat}, of which ${left} are left`)
    await believed(place, token)
  }
}
