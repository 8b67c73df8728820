import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import { gzipSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { atOnce } from '../../src/core/sliced.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { claimsOf, headerOf } from '../../src/core/jwt.ts'
import { compileTransforms, type CompiledTransforms } from '../../src/transform/compile.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { aJwt } from '../keys/support/recorded-token.ts'
import { secretsWith } from '../keys/support/secrets-directory.ts'
import { aSource } from '../support/a-source.ts'
import { aPair, aRequest, type PairFields, type ResponseFields } from '../support/a-pair.ts'

const RECORDED_AT = Date.UTC(2026, 0, 1)
const IAT = RECORDED_AT / 1000
const NOW = Date.UTC(2026, 5, 1) + 400
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const staging = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

function tokenBy(key: KeyObject, claims: object = {}, header: object = {}): string {
  return jsonwebtoken.sign({ iss: 'https://idp', sub: 'u1', iat: IAT, exp: IAT + 300, ...claims }, key, {
    algorithm: 'RS256',
    keyid: 'k1',
    header: { alg: 'RS256', ...header },
  })
}

function jsonPair(
  id: number,
  body: string | Uint8Array,
  fields: ResponseFields = {},
  more: PairFields = {},
): RRPair {
  const bytes = Buffer.from(body)
  const headers = [['Content-Length', String(bytes.length)] as const, ...(fields.headers ?? [])]
  return aPair({ id, at: RECORDED_AT, ...more, response: { ...fields, headers, body: bytes } })
}

function compiled(t: TestContext, responder: string, ...pairs: readonly RRPair[]): CompiledTransforms {
  const document = parseTransformDocument(`version: 1\nresponder:\n${responder}`, 'transforms/t.yaml')
  const secrets = secretsWith(t, { 'jwt-demo/tls.key': PEM })
  return atOnce(compileTransforms(document, aSource(...pairs), { secrets, clock: () => NOW }))
}

async function bodyOf(transforms: CompiledTransforms, id = 1, now = NOW): Promise<string> {
  return Buffer.from((await servedBy(transforms, id, now)).body).toString()
}

async function servedBy(transforms: CompiledTransforms, id = 1, now = NOW) {
  const response = transforms.responses.get(id)
  assert.ok(response !== undefined, `pair ${id} is not changed`)
  return response.served(now, aRequest())
}

const RESIGN = `
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
`

suite('a chain', () => {
  test('splices the new token in place and leaves every other byte of the body', async (t) => {
    const token = tokenBy(staging.privateKey)
    const body = `\uFEFF{"n":12345678901234567890, "access_token"\t: "${token}" ,"n":1.0,"bad":"\\ud800"}\n`
    const text = await bodyOf(compiled(t, RESIGN, jsonPair(1, body)))
    const next = /"access_token"\t: "([^"]+)"/.exec(text)?.[1] ?? ''
    assert.equal(text, body.replace(token, next))
    const claims = jsonwebtoken.verify(next, rsa.publicKey, { clockTimestamp: Math.floor(NOW / 1000) })
    assert.ok(typeof claims === 'object' && claims.iat === Math.floor(NOW / 1000))
  })

  test('keeps bytes that are no UTF-8', async (t) => {
    const token = tokenBy(staging.privateKey)
    const body = Buffer.concat([
      Buffer.from(`{"x":"`),
      Buffer.from([0xff, 0xfe, 0x80]),
      Buffer.from(`","access_token":"${token}"}`),
    ])
    const response = await servedBy(compiled(t, RESIGN, jsonPair(1, body)))
    assert.deepEqual(Buffer.from(response.body).subarray(0, 9), body.subarray(0, 9))
  })

  test('that finds nothing leaves the pair alone and counts why', (t) => {
    const pairs = [jsonPair(1, '{"a":1}'), jsonPair(2, 'no json'), jsonPair(3, '{"access_token":"opaque"}')]
    const { responses, chains } = compiled(t, RESIGN, ...pairs)
    assert.equal(responses.size, 0)
    assert.deepEqual(
      chains[0]?.steps.map(({ step, applied, notFound, reasons }) => [step, applied, notFound, [...reasons]]),
      [
        [
          'json_path access_token',
          1,
          2,
          [
            ['the path selects nothing', 1],
            ['not JSON', 1],
          ],
        ],
        [
          'jwt_resign',
          0,
          3,
          [
            ['the path selects nothing', 1],
            ['not JSON', 1],
            ['not a JWT', 1],
          ],
        ],
      ],
    )
  })

  test('runs on all matches of a path', async (t) => {
    const [one, two] = [tokenBy(staging.privateKey, { sub: 'a' }), tokenBy(staging.privateKey, { sub: 'b' })]
    const responder = RESIGN.replace('access_token', '"$..token"')
    const text = await bodyOf(
      compiled(t, responder, jsonPair(1, JSON.stringify({ x: [{ token: one }, { y: { token: two } }] }))),
    )
    const tokens = [...text.matchAll(/"token":"([^"]+)"/g)].map((match) => match[1] ?? '')
    assert.deepEqual(
      tokens.map((token) => claimsOf(aJwt(token))['sub']),
      ['a', 'b'],
    )
    for (const token of tokens)
      jsonwebtoken.verify(token, rsa.publicKey, { clockTimestamp: Math.floor(NOW / 1000) })
  })

  test('re-signs a token behind a prefix in a header, each of a repeated one', async (t) => {
    const token = tokenBy(staging.privateKey)
    const pair = jsonPair(1, '{}', {
      headers: [
        ['authorization', `bearer ${token}`],
        ['Authorization', token],
      ],
    })
    const responder = `
  - extractor: { http_res_header: Authorization }
    transforms: [{ jwt_resign: { secretPath: jwt-demo/tls.key } }]
`
    const { headers } = await servedBy(compiled(t, responder, pair))
    const values = headers
      .filter(([name]) => name.toLowerCase() === 'authorization')
      .map(([, value]) => value)
    assert.match(values[0] ?? '', /^bearer eyJ/)
    assert.equal(values[0], `bearer ${values[1]}`, 'the same recorded token is the same new token')
  })

  test('finds tokens in any text with find: jwt', async (t) => {
    const token = tokenBy(staging.privateKey)
    const pair = jsonPair(1, `<a href="https://api.github.com/v1.2.3?t=${token}">`, {
      headers: [['Set-Cookie', `s=${token}; Path=/; HttpOnly`]],
    })
    const responder = `
  - extractor: http_res_body
    transforms: [{ find: jwt }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
  - extractor: { http_res_header: set-cookie }
    transforms: [{ find: jwt }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
`
    const response = await servedBy(compiled(t, responder, pair))
    const next = /^s=([^;]+); Path=\/; HttpOnly$/.exec(response.headers.at(-1)?.[1] ?? '')?.[1]
    assert.equal(Buffer.from(response.body).toString(), `<a href="https://api.github.com/v1.2.3?t=${next}">`)
  })

  test('finds tokens inside a JSON string without respelling the rest of it', async (t) => {
    const token = tokenBy(staging.privateKey)
    const responder = `
  - extractor: http_res_body
    transforms: [{ json_path: t }, { find: jwt }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
`
    for (const around of [
      `caf\\u00e9 \\/ x <T> \\ud800 \\ud83d\\ude00 end`,
      'Bearer\\u0020<T>',
      'plain <T> \xff\xfe',
    ]) {
      const body = Buffer.from(`{"t":"${around.replace('<T>', token)}"}`, 'latin1')
      const { body: served } = await servedBy(compiled(t, responder, jsonPair(1, body)))
      const text = Buffer.from(served).toString('latin1')
      assert.equal(text.replace(/eyJ[\w.-]+/, '<T>'), `{"t":"${around}"}`)
    }
  })

  test('leaves unsigned tokens that stand side by side unsigned', async (t) => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = (sub: string): string => `${part({ alg: 'none' })}.${part({ sub, iat: IAT })}.`
    const responder = `
  - extractor: http_res_body
    transforms: [{ find: jwt }, jwt_resign]
`
    const text = await bodyOf(compiled(t, responder, jsonPair(1, `${unsigned('a')} ${unsigned('b')}`)))
    const subjects = text.split(' ').map((token) => claimsOf(aJwt(token))['sub'])
    assert.deepEqual(subjects, ['a', 'b'])
  })

  test('changes a claim and re-signs, whichever chain comes first', async (t) => {
    const pair = jsonPair(1, JSON.stringify({ access_token: tokenBy(staging.privateKey, { inner: 'x' }) }))
    const transforms = compiled(t, RESIGN, pair)
    assert.equal(claimsOf(aJwt(JSON.parse(await bodyOf(transforms)).access_token))['inner'], 'x')
    const nested = `
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_claim: inner }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
${RESIGN}`
    const inner = tokenBy(staging.privateKey, { sub: 'nested' })
    const outer = tokenBy(staging.privateKey, { inner })
    const text = await bodyOf(compiled(t, nested, jsonPair(1, JSON.stringify({ access_token: outer }))))
    const now = { clockTimestamp: Math.floor(NOW / 1000) }
    const claims = jsonwebtoken.verify(JSON.parse(text).access_token, rsa.publicKey, now)
    assert.ok(typeof claims === 'object')
    const innerClaims = jsonwebtoken.verify(claims['inner'], rsa.publicKey, now)
    assert.equal(innerClaims.sub, 'nested')
  })
})

suite('what speaks of the body follows it', () => {
  test('a gzip body is decoded, spliced and encoded again, with its length, ETag and digests', async (t) => {
    const token = tokenBy(staging.privateKey, {}, { alg: 'RS256', typ: 'at+jwt' })
    const plain = JSON.stringify({ fill: 'x'.repeat(500), access_token: token })
    const pair = jsonPair(1, gzipSync(plain), {
      headers: [
        ['content-encoding', 'gzip'],
        ['ETag', 'W/"abc"'],
        ['Digest', 'sha-256=old,unixsum=1'],
        ['Repr-Digest', 'sha-512=:old:'],
      ],
    })
    const { headers, body } = await servedBy(compiled(t, RESIGN, pair))
    const field = (name: string): string | undefined => headers.find(([other]) => other === name)?.[1]
    const text = gunzipSync(body).toString()
    assert.equal(text.replace(/"eyJ[^"]+"/, '""'), plain.replace(/"eyJ[^"]+"/, '""'))
    assert.equal(field('Content-Length'), String(body.length))
    assert.match(field('ETag') ?? '', /^W\/"[\w-]{27}"$/)
    assert.equal(field('Digest'), `sha-256=${createHash('sha256').update(body).digest('base64')}`)
    assert.equal(field('Repr-Digest'), `sha-512=:${createHash('sha512').update(body).digest('base64')}:`)
  })

  test('a body in a coding that cannot be undone is served as recorded', (t) => {
    const pair = jsonPair(1, 'not gzip', { headers: [['Content-Encoding', 'gzip']] })
    const { responses, chains } = compiled(t, RESIGN, pair)
    assert.equal(responses.size, 0)
    assert.deepEqual([...(chains[0]?.steps[0]?.reasons ?? [])], [['its content coding cannot be undone', 1]])
  })

  test('a fixed lifetime is told beside the token', async (t) => {
    const body = JSON.stringify({
      access_token: tokenBy(staging.privateKey),
      expires_in: 300,
      expires_at: IAT + 300,
    })
    const responder = RESIGN.replace('tls.key }', 'tls.key, time: { ttl: 15m } }')
    const now = Math.floor(NOW / 1000)
    const text = JSON.parse(await bodyOf(compiled(t, responder, jsonPair(1, body)))) as Record<
      string,
      unknown
    >
    assert.deepEqual([text['expires_in'], text['expires_at']], [900, now + 900])
  })

  test('an at_hash follows the access token that travels beside it', async (t) => {
    const half = (value: string): string =>
      createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
    const access = tokenBy(staging.privateKey, { sub: 'a' })
    const body = JSON.stringify({
      id_token: tokenBy(staging.privateKey, { at_hash: half(access) }),
      access_token: access,
    })
    const responder = RESIGN.replace('json_path: access_token', `json_path: "$['id_token','access_token']"`)
    const served = JSON.parse(await bodyOf(compiled(t, responder, jsonPair(1, body)))) as Record<
      string,
      string
    >
    const id = claimsOf(aJwt(served['id_token'] ?? ''))
    assert.equal(id['at_hash'], half(served['access_token'] ?? ''))
    assert.notEqual(served['access_token'], access)
  })
})

test('an at_hash follows an access token that another step changed inside', async (t) => {
  const half = (value: string): string =>
    createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
  const access = tokenBy(staging.privateKey, { inner: tokenBy(staging.privateKey, { sub: 'nested' }) })
  const idToken = tokenBy(staging.privateKey, { at_hash: half(access) })
  const body = JSON.stringify({ id_token: idToken, access_token: access })
  const responder = `
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_claim: inner }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
${RESIGN}${RESIGN.replace('access_token', 'id_token')}`
  const served = JSON.parse(await bodyOf(compiled(t, responder, jsonPair(1, body)))) as Record<string, string>
  const now = { clockTimestamp: Math.floor(NOW / 1000) }
  const claims = jsonwebtoken.verify(served['access_token'] ?? '', rsa.publicKey, now)
  assert.ok(typeof claims === 'object')
  jsonwebtoken.verify(claims['inner'], rsa.publicKey, now)
  assert.equal(claimsOf(aJwt(served['id_token'] ?? ''))['at_hash'], half(served['access_token'] ?? ''))
})

suite('a served response', () => {
  test('is signed once a second and moves with the clock', async (t) => {
    const transforms = compiled(
      t,
      RESIGN,
      jsonPair(1, JSON.stringify({ access_token: tokenBy(staging.privateKey) })),
    )
    const [first, again, later] = [
      await servedBy(transforms, 1, NOW),
      await servedBy(transforms, 1, NOW + 500),
      await servedBy(transforms, 1, NOW + 1000),
    ]
    assert.equal(first, again)
    assert.notDeepEqual(first.body, later.body)
  })
})

suite('a recorded JWKS', () => {
  const RESIGN_AND_PUBLISH = `${RESIGN.replace('{ secretPath: jwt-demo/tls.key }', '{}')}
  - extractor: http_res_body
    transforms: [jwks]
`
  const jwkOf = (key: KeyObject, kid: string | undefined, more: object = {}): object => ({
    ...key.export({ format: 'jwk' }),
    ...(kid === undefined ? {} : { kid }),
    ...more,
  })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })

  test('publishes the key that re-signs in place of the recorded one, and keeps the others', async (t) => {
    const jwks = `{ "keys": [ ${JSON.stringify(jwkOf(other.publicKey, 'k0'))} ,\n ${JSON.stringify(jwkOf(staging.publicKey, 'k1', { use: 'sig' }))} ] , "x":1 }`
    const transforms = compiled(
      t,
      RESIGN_AND_PUBLISH,
      jsonPair(1, JSON.stringify({ access_token: tokenBy(staging.privateKey) })),
      jsonPair(2, jwks),
    )
    const text = await bodyOf(transforms, 2)
    const [kept, replaced] = (JSON.parse(text) as { keys: Record<string, string>[] }).keys
    assert.deepEqual(kept, jwkOf(other.publicKey, 'k0'))
    assert.equal(text.slice(0, 20), jwks.slice(0, 20))
    assert.ok(text.endsWith(' ] , "x":1 }'))
    assert.equal(replaced?.['kid'], 'k1')
    const token = JSON.parse(await bodyOf(transforms, 1)).access_token as string
    jsonwebtoken.verify(token, createPublicKey({ key: replaced ?? {}, format: 'jwk' }), {
      clockTimestamp: Math.floor(NOW / 1000),
    })
    assert.equal(headerOf(aJwt(token))['kid'], 'k1')
  })

  test('of two issuers that share a kid gets only the key of its own', (t) => {
    const transforms = compiled(
      t,
      RESIGN_AND_PUBLISH,
      jsonPair(1, JSON.stringify({ access_token: tokenBy(staging.privateKey) })),
      jsonPair(
        2,
        JSON.stringify({ keys: [jwkOf(staging.publicKey, 'k1')] }),
        {},
        { request: { target: '/a/jwks' } },
      ),
      jsonPair(
        3,
        JSON.stringify({ keys: [jwkOf(other.publicKey, 'k1')] }),
        {},
        { request: { target: '/b/jwks' } },
      ),
    )
    assert.deepEqual([...transforms.responses.keys()], [1, 2])
  })

  test('names a key that signs with two algs once, and no alg', async (t) => {
    const token = (algorithm: 'RS256' | 'PS256'): string =>
      jsonwebtoken.sign({ iss: 'https://idp', iat: IAT }, staging.privateKey, { algorithm, keyid: 'k1' })
    const responder = `
  - extractor: http_res_body
    transforms: [{ find: jwt }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
  - extractor: http_res_body
    transforms: [jwks]
`
    const transforms = compiled(
      t,
      responder,
      jsonPair(1, `${token('RS256')} ${token('PS256')}`),
      jsonPair(2, JSON.stringify({ keys: [jwkOf(staging.publicKey, 'k1', { alg: 'RS256' })] })),
    )
    const { keys } = JSON.parse(await bodyOf(transforms, 2)) as { keys: Record<string, string>[] }
    assert.deepEqual(
      keys.map(({ kid, alg, n }) => [kid, alg, n]),
      [['k1', undefined, rsa.publicKey.export({ format: 'jwk' }).n]],
    )
  })

  test('stays as recorded when the mounted key is the recording’s own', (t) => {
    const document = parseTransformDocument(
      `version: 1\nresponder:\n${RESIGN}  - extractor: http_res_body\n    transforms: [jwks]\n`,
      't.yaml',
    )
    const pairs = aSource(
      jsonPair(1, JSON.stringify({ access_token: tokenBy(rsa.privateKey) })),
      jsonPair(2, JSON.stringify({ keys: [jwkOf(rsa.publicKey, 'k1')] })),
    )
    const transforms = atOnce(
      compileTransforms(document, pairs, {
        secrets: secretsWith(t, { 'jwt-demo/tls.key': PEM }),
        clock: () => NOW,
      }),
    )
    assert.deepEqual([...transforms.responses.keys()], [1])
    assert.equal(transforms.keys[0]?.matchesRecording, true)
  })
})

test('random JSON around a token comes through untouched', async (t) => {
  const token = tokenBy(staging.privateKey)
  await fc.assert(
    fc.asyncProperty(
      fc.json(),
      fc.json(),
      fc.constantFrom('', ' ', '\n\t '),
      async (before, after, space) => {
        const body = `{"a":${before},${space}"access_token"${space}:${space}"${token}",${space}"z":${after}}`
        const text = await bodyOf(compiled(t, RESIGN, jsonPair(1, body)))
        const next =
          text.slice(text.indexOf('"eyJ', text.indexOf('"access_token"')) + 1).split('"', 1)[0] ?? ''
        assert.equal(text, body.replace(`"${token}"`, `"${next}"`))
      },
    ),
    { numRuns: 50 },
  )
})

suite('of an answer that did not come to its end', () => {
  const EVENTS = `
  - extractor: http_res_body
    transforms: [{ find: jwt }, { jwt_resign: { secretPath: jwt-demo/tls.key } }]
`
  const recorded = tokenBy(staging.privateKey, { sub: 'somebody with a name' })
  const tokenIn = (text: string): string => /eyJ[\w.-]+/.exec(text)?.[0] ?? ''

  test('the tokens are re-signed in the events that came, each in its piece', async (t) => {
    const events = [`data: {"access_token":"${recorded}"}\n\n`, 'data: more\n\n', 'data: ha']
    const ends = events.map((_, index) => events.slice(0, index + 1).join('').length)
    const pair = aPair({
      at: RECORDED_AT,
      outcome: 'client aborted',
      response: {
        headers: [['Content-Type', 'text/event-stream']],
        body: events.join(''),
        chunks: ends.map((endBytes, index) => ({ endBytes, atMs: index })),
      },
    })
    const served = await servedBy(compiled(t, EVENTS, pair))
    const text = Buffer.from(served.body).toString()
    assert.notEqual(tokenIn(text), recorded)
    jsonwebtoken.verify(tokenIn(text), rsa.publicKey, { clockTimestamp: NOW / 1000 })
    assert.equal(text, events.join('').replace(recorded, tokenIn(text)))
    const longer = text.length - events.join('').length
    assert.deepEqual(
      served.chunks,
      ends.map((end, index) => ({ endBytes: end + longer, atMs: index })),
    )
  })

  test('the length still promises what was missing', async (t) => {
    const body = `<b>${recorded}</b>`
    const headers = [['Content-Length', String(body.length + 1000)] as const]
    const pair = aPair({ at: RECORDED_AT, outcome: 'upstream aborted', response: { headers, body } })
    const served = await servedBy(compiled(t, EVENTS, pair))
    assert.deepEqual(served.headers, [['Content-Length', String(served.body.length + 1000)]])
  })

  test('nothing is changed where only the beginning was stored', (t) => {
    const pair = aPair({ at: RECORDED_AT, responseTruncated: true, response: { body: recorded } })
    assert.equal(compiled(t, EVENTS, pair).responses.size, 0)
  })
})
