import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { aRequest } from '../support/a-pair.ts'
import { aChain, answering, compile, NOW, reasonsFor, serve } from './support/apply.ts'

const RECORDED_AT = Date.UTC(2026, 10, 20, 12)
const IAT = RECORDED_AT / 1000
const [first, second, mounted] = [aKey(), aKey(), aKey()]
const PEM = pemOf(mounted)
const FILES = { 'jwt-demo/tls.key': PEM }
const STEP = '{jwt_resign: {secretPath: jwt-demo/tls.key}}'

function aKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function pemOf({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function aToken(claims: object = {}, { privateKey } = first, keyid = 'k1'): string {
  const body = { iss: 'https://idp', sub: 'u', iat: IAT, exp: IAT + 300, ...claims }
  return jsonwebtoken.sign(body, privateKey, { algorithm: 'ES256', keyid })
}

function claimsOf(token: string, { publicKey } = mounted): jsonwebtoken.JwtPayload {
  const claims = jsonwebtoken.verify(token, publicKey, { clockTimestamp: Math.floor(NOW / 1000) })
  assert.ok(typeof claims === 'object')
  return claims
}

function halfOf(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')
}

function textOf({ body }: { readonly body: Uint8Array }): string {
  return Buffer.from(body).toString()
}

suite('a token in several places of one response', () => {
  const access = aToken({ sub: 'a' })
  const id = aToken({ at_hash: halfOf(access) })
  const fragment = `id_token=${id}&access_token=${access}`
  const pair = answering(`<input name="id_token" value="${id}"><p>${fragment}</p>`, {
    status: 302,
    headers: [['Location', `https://app/cb#${fragment}`]],
  })
  const found = aChain('http_res_body', `{find: jwt}, ${STEP}`)
  const fields = ['id_token', 'access_token'].map((name) =>
    aChain('{http_res_header: Location}', `url_fragment, {form_field: ${name}}, ${STEP}`),
  )
  const posted = aChain('http_res_body', `{html_form: id_token}, ${STEP}`)

  test('becomes one new token, also where two chains go to one of the places', async (t) => {
    const transforms = compile([found, ...fields, posted].join('\n'), [pair], { t, files: FILES })
    const { headers, body } = await serve(transforms, pair)
    const [, location = ''] = headers.find(([name]) => name === 'Location') ?? []
    const tokens = new URLSearchParams(location.split('#')[1])
    const newAccess = tokens.get('access_token') ?? ''
    assert.equal(claimsOf(tokens.get('id_token') ?? '')['at_hash'], halfOf(newAccess))
    assert.ok(Buffer.from(body).includes(newAccess), 'ES256 would give another signature each time')
  })
})

suite('a nonce', () => {
  const login = answering('', { status: 302 }, { id: 1, request: { target: '/authorize?nonce=old&x=1' } })
  const access = aToken({ sub: 'a' })
  const token = answering(
    JSON.stringify({ access_token: access, id_token: aToken({ nonce: 'old', at_hash: halfOf(access) }) }),
    {},
    { id: 2, request: { method: 'POST', target: '/token' } },
  )
  const chain = aChain('http_res_body', `{json_path: "$['id_token','access_token']"}, ${STEP}`)

  test('of the live login request takes the place of the recorded one, and at_hash still fits', async (t) => {
    const transforms = compile(chain, [login, token], { t, files: FILES })
    const nonceOf = async (): Promise<unknown> => {
      const served = JSON.parse(textOf(await serve(transforms, token))) as Record<string, string>
      const claims = claimsOf(served['id_token'] ?? '')
      assert.equal(claims['at_hash'], halfOf(served['access_token'] ?? ''))
      return claims['nonce']
    }
    assert.equal(await nonceOf(), 'old')
    await serve(transforms, login, aRequest({ target: '/authorize?nonce=live-1' }))
    assert.equal(await nonceOf(), 'live-1')
    await serve(transforms, login, aRequest({ target: '/authorize?nonce=live-2' }))
    assert.equal(await nonceOf(), 'live-2')
  })

  test('that no request has stays as recorded, and costs nothing', (t) => {
    const transforms = compile(chain, [token], { t, files: FILES })
    const served = transforms.responses.get(2)
    assert.equal(served?.served(NOW, aRequest()), served?.served(NOW + 1, aRequest()))
  })
})

test('a recorded token that stands in several responses is the same new token while it lives', async (t) => {
  const token = aToken()
  const login = answering(JSON.stringify({ access_token: token }), {}, { id: 1 })
  const echo = answering(JSON.stringify({ access_token: token }), {}, { id: 2, at: RECORDED_AT + 60_000 })
  const chain = aChain('http_res_body', `{json_path: access_token}, ${STEP}`)
  const transforms = compile(chain, [login, echo], { t, files: FILES })
  const at = async (pair: typeof login, nowMs: number): Promise<string> =>
    textOf(await serve(transforms, pair, pair.request, nowMs))
  const made = await at(login, NOW)
  assert.equal(await at(echo, NOW + 200_000), made)
  assert.notEqual(await at(login, NOW + 200_000), made)
  const renewed = await at(login, NOW + 250_000)
  assert.equal(await at(echo, NOW + 260_000), renewed)
  assert.notEqual(await at(echo, NOW + 600_000), renewed)
})

test('expires_in beside a token that is given again is what is left of its life', async (t) => {
  const token = aToken()
  const bodyWith = (expiresIn: unknown) => JSON.stringify({ access_token: token, expires_in: expiresIn })
  const login = answering(bodyWith(300), {}, { id: 1 })
  const again = answering(bodyWith(240), {}, { id: 2, at: RECORDED_AT + 60_000 })
  const full = answering(bodyWith('300'), {}, { id: 3, at: RECORDED_AT + 60_000 })
  const chain = aChain('http_res_body', `{json_path: access_token}, ${STEP}`)
  const transforms = compile(chain, [login, again, full], { t, files: FILES })
  const told = async (pair: typeof login, nowMs: number): Promise<unknown> =>
    (JSON.parse(textOf(await serve(transforms, pair, pair.request, nowMs))) as { expires_in: unknown })
      .expires_in
  assert.equal(await told(again, NOW), 240)
  assert.equal(await told(login, NOW + 10_000), 300)
  assert.equal(await told(again, NOW + 10_000), 300)
  assert.equal(await told(again, NOW + 210_000), 100)
  assert.equal(await told(full, NOW + 210_000), '300')
})

suite('c_hash and s_hash', () => {
  const hashOf = (text: string, name = 'sha256') => {
    const digest = createHash(name).update(text).digest()
    return digest.subarray(0, digest.length / 2).toString('base64url')
  }
  const token = aToken({ s_hash: hashOf('old'), c_hash: hashOf('abc'), at_hash: hashOf('opaque') })
  const request = { target: '/authorize?state=old' }
  const headers = [['Location', `/cb#state=old&code=abc&access_token=opaque&id_token=${token}`]] as const
  const pair = answering('', { status: 302, headers }, { request })
  const at = '{http_res_header: location}'
  const state = aChain(at, 'url_fragment, {form_field: state}, {from_request: {query: state}}')

  /** The claims of the id_token that the live request is given. */
  async function claimsFor(t: TestContext, key: ReturnType<typeof aKey>, chains: string) {
    const transforms = compile(chains, [pair], { t, files: { 'jwt-demo/tls.key': pemOf(key) } })
    const { headers: served } = await serve(transforms, pair, aRequest({ target: '/authorize?state=live' }))
    const fragment = new URLSearchParams(served[0]?.[1].split('#')[1])
    const { at_hash, c_hash, s_hash } = claimsOf(fragment.get('id_token') ?? '', key)
    return { state: fragment.get('state'), at_hash, c_hash, s_hash }
  }

  test('follow what another step puts for the state, before or behind it', async (t) => {
    const sign = aChain(at, `url_fragment, {form_field: id_token}, ${STEP}`)
    const wanted = { state: 'live', at_hash: hashOf('opaque'), c_hash: hashOf('abc'), s_hash: hashOf('live') }
    assert.deepEqual(await claimsFor(t, mounted, sign + state), wanted)
    assert.deepEqual(await claimsFor(t, mounted, state + sign), wanted)
  })

  test('are made by the hash of another alg where the token gets one', async (t) => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const step = '{jwt_resign: {secretPath: jwt-demo/tls.key, alg: auto}}'
    const sign = aChain(at, `url_fragment, {form_field: id_token}, ${step}`)
    const of = (text: string) => hashOf(text, 'sha384')
    assert.deepEqual(await claimsFor(t, p384, sign + state), {
      state: 'live',
      at_hash: of('opaque'),
      c_hash: of('abc'),
      s_hash: of('live'),
    })
  })
})

test('a token in a token is re-signed first, as deep as three', async (t) => {
  const inner = aToken({ sub: 'inner' })
  const outer = aToken({ act: inner, note: 'a.b.c' })
  const pair = answering(JSON.stringify({ t: outer }))
  const transforms = compile(aChain('http_res_body', `{json_path: t}, ${STEP}`), [pair], { t, files: FILES })
  const served = JSON.parse(textOf(await serve(transforms, pair))) as { t: string }
  const claims = claimsOf(served.t)
  assert.equal(claims['note'], 'a.b.c')
  assert.equal(claimsOf(claims['act'] as string).sub, 'inner')
})

test('what speaks of a lifetime beside a token follows it', async (t) => {
  const body = {
    access_token: aToken(),
    expires_in: '300',
    ext_expires_in: 300,
    expires_on: String(IAT + 300),
    expires_at: new Date((IAT + 300) * 1000).toISOString(),
    other: 300,
  }
  const pair = answering(JSON.stringify(body), {
    headers: [['Set-Cookie', `s=${aToken()}; Max-Age=300; Expires=Fri, 20 Nov 2026 12:05:00 GMT; Path=/`]],
  })
  const step = '{jwt_resign: {secretPath: jwt-demo/tls.key, time: {ttl: 10m}}}'
  const chains =
    aChain('http_res_body', `{json_path: access_token}, ${step}`) + aChain('{http_res_cookie: s}', step)
  const served = await serve(compile(chains, [pair], { t, files: FILES }), pair)
  const now = Math.floor(NOW / 1000)
  assert.deepEqual(
    { ...(JSON.parse(textOf(served)) as object), access_token: '' },
    {
      access_token: '',
      expires_in: '600',
      ext_expires_in: 600,
      expires_on: String(now + 600),
      expires_at: new Date((now + 600) * 1000).toISOString(),
      other: 300,
    },
  )
  const cookie = served.headers[0]?.[1] ?? ''
  assert.match(cookie, /^s=ey[\w.-]+; Max-Age=600; Expires=Wed, 25 Nov 2026 12:10:00 GMT; Path=\/$/)
})

test('keys by kid and by issuer sign the tokens they are for', async (t) => {
  const tokens = [
    aToken({}, first, 'k1'),
    aToken({ iss: 'https://b' }, second, 'k2'),
    aToken({}, first, 'k3'),
  ]
  const pair = answering(JSON.stringify(tokens))
  const keys = '[{kid: k1, secretPath: a/k1}, {iss: "https://b", secretPath: b/key}]'
  const step = `{jwt_resign: {secretPath: jwt-demo/tls.key, keys: ${keys}}}`
  const files = { ...FILES, 'a/k1': pemOf(first), 'b/key': pemOf(second) }
  const transforms = compile(aChain('http_res_body', `{json_path: '$[*]'}, ${step}`), [pair], { t, files })
  const served = JSON.parse(textOf(await serve(transforms, pair))) as string[]
  for (const [index, key] of [first, second, mounted].entries()) claimsOf(served[index] ?? '', key)
})

test('claims made of the live request are signed for it, and at_hash fits in every answer', async (t) => {
  const access = aToken()
  const pair = answering(JSON.stringify({ i: aToken({ at_hash: halfOf(access) }), a: access }))
  const chains =
    aChain('http_res_body', "{json_path: a}, {jwt_claims: {set: {tenant: '${{query:t}}'}}}, " + STEP) +
    aChain('http_res_body', `{json_path: i}, ${STEP}`)
  const transforms = compile(chains, [pair], { t, files: FILES })
  for (const tenant of ['x', 'y']) {
    const served = JSON.parse(
      textOf(await serve(transforms, pair, aRequest({ target: `/?t=${tenant}` }))),
    ) as {
      a: string
      i: string
    }
    assert.equal(claimsOf(served.a)['tenant'], tenant)
    assert.equal(claimsOf(served.i)['at_hash'], halfOf(served.a))
  }
})

test('a token bound to a key of the client is re-signed, and the report says so once', (t) => {
  const pair = answering(
    JSON.stringify([aToken({ cnf: { jkt: 'abc' } }), aToken({ cnf: { 'x5t#S256': 'x' } }), aToken()]),
  )
  const { notes } = compile(aChain('http_res_body', `{json_path: '$[*]'}, ${STEP}`), [pair], {
    t,
    files: FILES,
  })
  assert.deepEqual(
    notes.filter((note) => note.includes('bound to')).map((note) => note.split(':', 1)[0]),
    [
      "body $[0] of pair 1 is bound to the recorded client's DPoP key (cnf.jkt)",
      "body $[1] of pair 1 is bound to the recorded client's certificate (cnf.x5t#S256)",
    ],
  )
})

test('what is a credential and no JWT is left alone, and the report says what it is', () => {
  const jwe = `${Buffer.from('{"alg":"dir","enc":"A128GCM"}').toString('base64url')}.a.b.c.d`
  const saml = Buffer.from('<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>').toString('base64')
  const cases: readonly (readonly [text: string, said: RegExp])[] = [
    [jwe, /^an encrypted token \(JWE\)/],
    [saml, /^a SAML message/],
    ['AWS4-HMAC-SHA256 Credential=x', /^an AWS signature \(SigV4\)/],
    ['v4.public.eyJ.abc', /^a PASETO/],
    ['2YotnFZFEjr1zCsicMWpAA', /^an opaque token/],
    ['plain words', /^not a JWT$/],
  ]
  for (const [text, said] of cases) assert.match(reasonsFor(text, 'jwt_resign')[0] ?? '', said)
})
