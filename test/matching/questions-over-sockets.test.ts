import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import type { Outcome } from '../../src/core/exchange.ts'
import type { RawHeaders } from '../../src/core/headers.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { aPair } from '../support/a-pair.ts'
import { aReplay, aSnapshot } from '../support/a-replay.ts'
import {
  bearer,
  form,
  get,
  json,
  parts,
  post,
  testCases,
  token,
  type Case,
  type Said,
} from './match-cases.ts'

const TEXT = ['Content-Type', 'text/plain'] as const
const BYTES = ['Content-Type', 'application/octet-stream'] as const
const VOLATILE = ['iat', 'nbf', 'exp', 'auth_time', 'jti', 'nonce', 'at_hash', 'c_hash']
const ANN = { sub: 'ann', roles: ['reader'] }
/** The same token on another day, of another key. */
const [THEN, LATER] = [1_763_000_000, 1_764_000_000].map((day) =>
  token(
    {
      ...ANN,
      ...Object.fromEntries(VOLATILE.map((name, at) => [name, at < 4 ? day + at : `${name} of ${day}`])),
    },
    String(day).repeat(4),
  ),
)
const OTHER = token({ ...ANN, roles: ['writer'] })

/** Every place that a service puts a token into. */
const bearing = (jwt = ''): Readonly<Record<string, Said>> => ({
  bearer: get('/bearer', ['Authorization', `Bearer ${jwt}`]),
  cookie: get('/cookie', ['Cookie', `theme=dark; id=${jwt}`]),
  assertion: form('/token', `grant_type=client_credentials&client_assertion=${jwt}`),
  hint: get(`/logout?id_token_hint=${jwt}&state=1`),
  json: json('/session', `{"tokens":[{"id":"${jwt}"}]}`),
  part: parts('/upload', 'x', { token: jwt, more: '1' }),
  path: get(`/confirm/${jwt}/now`),
  text: post('/introspect', `token: ${jwt}\n`, TEXT),
})

/** One value in every place, as a field that only it is in and in the middle of others. */
const holding = (value: string): Readonly<Record<string, Said>> => ({
  path: get(`/a/${value}/b`),
  escaped: get(`/e/${encodeURIComponent(value)}`),
  query: get(`/q?a=1&v=${encodeURIComponent(value)}`),
  form: form('/f', `v=${encodeURIComponent(value)}&a=1`),
  json: json('/j', `{"list":["${value}"],"a":1}`),
  part: parts('/p', 'x', { v: value, a: '1' }),
  text: post('/t', value, TEXT),
  header: get('/h', ['X-Value', value]),
  cookie: get('/c', ['Cookie', `a=1; v=${value}`]),
})

/** By kind: two values of it, and one that is none. */
const KINDS: Readonly<Record<string, readonly [string, string, string]>> = {
  uuid: [
    '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
    '123E4567-E89B-42D3-A456-426614174000',
    '6f9619ff-8b86-4d01-b42d-00cf4fc964f',
  ],
  timestamp: ['2026-11-20T12:00:00Z', '1763640000', '2026-11-20'],
  jwt: [token({ sub: 'ann' }), token({ sub: 'bob', admin: true }), 'eyJhbGciOiJub25lIn0.e30'],
  nonce: ['aB3dE5gH7jK9mN1pQ3', 'Zy9Xw7Vu5Ts3Rq1Po9', 'a-slug-of-some-words'],
}

/** What was recorded as it was, and what is asked, by name. */
function found(
  recorded: Readonly<Record<string, Said>>,
  asked: readonly (readonly [Readonly<Record<string, Said>>, 'found' | 'missed'])[],
): Pick<Case, 'recorded' | 'asked'> {
  return {
    recorded: Object.entries(recorded).map(([name, said]) => [said, name]),
    asked: asked.flatMap(([all, wanted]) =>
      Object.entries(all).map(([name, said]) => [said, wanted === 'found' ? name : 404] as const),
    ),
  }
}

const kindCases = Object.entries(KINDS).map(([kind, [recorded, other, none]]): [string, Case] => [
  `any ${kind} is the same wherever it stands, and what is none is not`,
  {
    match: `ignore: { kinds: [${kind}] }\n  headers: [x-value, cookie]\n  subject: ignore`,
    ...found(holding(recorded), [
      [holding(other), 'found'],
      [holding(none), 'missed'],
    ]),
  },
])

const CASES: Readonly<Record<string, Case>> = {
  'the method, the path with its slashes and letters, and each parameter count': {
    match: '',
    recorded: [[get('/Items/1?a=1&b'), 'it']],
    asked: [
      [get('/Items/1?b&a=1'), 'it'],
      [post('/Items/1?a=1&b', ''), 404],
      [{ ...get('/Items/1?a=1&b'), method: 'DELETE' }, 404],
      [get('/items/1?a=1&b'), 404],
      [get('/Items/1/?a=1&b'), 404],
      [get('//Items/1?a=1&b'), 404],
      [get('/Items/1?a=1&b='), 404],
      [get('/Items/1?a=1&b&b'), 404],
      [get('/Items/1?a=1'), 404],
      [get('/Items/1'), 404],
    ],
  },
  'no digit of a JSON number is lost, and repeated members count': {
    match: '',
    recorded: [
      [json('/n', '{"n":12345678901234567890,"m":1e400,"f":0.10}'), 'numbers'],
      [json('/m', '{"a":1,"a":2}'), 'members'],
    ],
    asked: [
      [json('/n', '{"f":0.10,"m":1e400,"n":12345678901234567890}'), 'numbers'],
      [json('/n', '{"n":12345678901234567891,"m":1e400,"f":0.10}'), 404],
      [json('/n', '{"n":12345678901234567890,"m":1e401,"f":0.10}'), 404],
      [json('/n', '{"n":12345678901234567890,"m":1e400,"f":0.1}'), 404],
      [json('/m', '{"a":2,"a":1}'), 404],
      [json('/m', '{"a":2}'), 404],
    ],
  },
  'what is no JSON, form or multipart is compared byte by byte, its coding undone': {
    match: '',
    recorded: [
      [post('/t', 'a=1&b=2', TEXT), 'text'],
      [post('/b', Uint8Array.of(0, 255, 13, 10), BYTES), 'bytes'],
      [json('/broken', '{"a":1'), 'broken'],
    ],
    asked: [
      [post('/t', 'a=1&b=2', TEXT), 'text'],
      [post('/t', 'b=2&a=1', TEXT), 404],
      [post('/t', brotliCompressSync('a=1&b=2'), TEXT, ['Content-Encoding', 'br']), 'text'],
      [post('/b', Uint8Array.of(0, 255, 13, 10), BYTES), 'bytes'],
      [post('/b', Uint8Array.of(0, 254, 13, 10), BYTES), 404],
      [post('/b', Uint8Array.of(0, 255, 10), BYTES), 404],
      [json('/broken', '{"a":1'), 'broken'],
      [json('/broken', '{"a": 1'), 404],
    ],
  },
  'a token is compared by its lasting claims in every place, whoever signed it and when': {
    match: 'headers: [authorization, cookie]\n  subject: ignore',
    ...found(bearing(THEN), [
      [bearing(LATER), 'found'],
      [bearing(OTHER), 'missed'],
      [bearing('opaque'), 'missed'],
    ]),
  },
  ...Object.fromEntries(kindCases),
  'kinds, paths, fields, members and header fields of some requests only': {
    match: `headers: [x-trace]
  rules:
    - filters: { path: "/lenient/**" }
      ignore: { kinds: [uuid], path: ["/lenient/{shop}/items"], form: [csrf], json: [$.at], headers: [x-trace] }`,
    ...found(sayings('lenient', 'a', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'), [
      [sayings('lenient', 'b', '123e4567-e89b-42d3-a456-426614174000'), 'found'],
    ]),
  },
  'which do not hold for others': {
    match: `headers: [x-trace]
  rules:
    - filters: { path: "/lenient/**" }
      ignore: { kinds: [uuid], path: ["/lenient/{shop}/items"], form: [csrf], json: [$.at], headers: [x-trace] }`,
    ...found(sayings('strict', 'a', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'), [
      [sayings('strict', 'b', '123e4567-e89b-42d3-a456-426614174000'), 'missed'],
      [sayings('strict', 'a', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'), 'found'],
    ]),
  },
  'the user is told by issuer, subject, audience and scope, whatever else a token says': {
    match: '',
    recorded: Object.entries(USERS()).map(([name, claims]) => [get('/me', bearer(claims)), name]),
    asked: [...Object.entries(USERS()).toReversed(), ...Object.entries(USERS())].map(([name, claims]) => [
      get('/me', bearer({ ...claims, iat: 1_764_000_000, jti: name })),
      name,
    ]),
  },
  'a user whose answers are used up gets those of no other': {
    match: 'sequence: once',
    recorded: ['ann', 'bob', 'bob'].map((sub, at) => [get('/me', bearer({ sub })), `${sub} ${at}`]),
    asked: [
      [get('/me', bearer({ sub: 'ann' })), 'ann 0'],
      [get('/me', bearer({ sub: 'ann' })), 404],
      [get('/me', bearer({ sub: 'bob' })), 'bob 1'],
      [get('/me', bearer({ sub: 'ann' })), 404],
      [get('/me', bearer({ sub: 'bob' })), 'bob 2'],
      [get('/me', bearer({ sub: 'bob' })), 404],
    ],
  },
}

function sayings(base: string, word: string, uuid: string): Readonly<Record<string, Said>> {
  return {
    query: get(`/${base}/q?id=${uuid}`),
    path: get(`/${base}/${word}/items`),
    form: form(`/${base}/form`, `csrf=${word}&a=1`),
    json: json(`/${base}/json`, `{"at":"${word}","a":1}`),
    header: get(`/${base}/header`, ['X-Trace', word]),
  }
}

/** Each differs from the first in one claim that says who it is. */
function USERS(): Readonly<Record<string, object>> {
  const ann = { iss: 'https://idp', sub: 'ann', aud: 'api', scope: 'read' }
  return {
    ann,
    'another subject': { ...ann, sub: 'bob' },
    'another issuer': { ...ann, iss: 'https://other' },
    'another audience': { ...ann, aud: ['api', 'web'] },
    'another scope': { ...ann, scope: 'read write' },
  }
}

testCases('what a request asks, across sockets', CASES)

test('a listener for all backends asks the one that Host names, else the one that was recorded first', async (t) => {
  const origins = ['http://one.test:8080', 'https://two.test'] as const
  const pairs = origins.map((target, at) =>
    aPair({ id: at + 1, route: { listen: '127.0.0.1:1', target }, response: { body: target } }),
  )
  const directory = await aSnapshot(t, [
    ...pairs,
    aPair({
      id: 3,
      route: { listen: 'l', target: 'https://two.test' },
      request: { target: '/b' },
      response: { body: 'only two' },
    }),
  ])
  const routes = [undefined, ...origins].map((target) => ({ listen: '127.0.0.1:0', target }))
  const { urls } = await aReplay(t, directory, '', { routes })
  const ask = async (listener: number, host: string, path = '/'): Promise<string | number> => {
    const { hostname, port } = new URL(urls[listener] ?? '')
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    httpRequest({ hostname, port, path, headers: { Host: host } }, resolve)
      .on('error', reject)
      .end()
    const response = await promise
    const body = await text(response)
    return response.statusCode === 200 ? body : (response.statusCode ?? 0)
  }
  assert.deepEqual(
    [
      await ask(0, 'two.test'),
      await ask(0, 'one.test:8080'),
      await ask(0, '127.0.0.1'),
      await ask(0, 'one.test:8080', '/b'),
      await ask(1, 'two.test'),
      await ask(1, 'two.test', '/b'),
      await ask(2, 'one.test:8080'),
      await ask(2, '127.0.0.1', '/b'),
    ],
    [origins[1], origins[0], origins[0], 'only two', origins[0], 404, origins[1], 'only two'],
  )
})

test('a token that was re-signed is recognised when the service sends it back, in whatever place', async (t) => {
  const recorded = token({ ...ANN, iat: 1_763_000_000, exp: 1_763_000_300, nonce: 'n1' })
  const calls = Object.entries(bearing(recorded))
  const directory = await aSnapshot(t, [
    aPair({
      id: 1,
      request: { method: 'POST', target: '/login' },
      response: { body: JSON.stringify({ id_token: recorded }) },
    }),
    ...calls.map(([name, said], at) =>
      aPair({
        id: at + 2,
        request: { ...said, headers: [['Host', 'h'], ...(said.headers ?? [])] },
        response: { body: name },
      }),
    ),
  ])
  mkdirSync(`${directory}/secrets/idp`, { recursive: true, mode: 0o700 })
  writeFileSync(`${directory}/secrets/idp/hs.key`, 'k'.repeat(40), { mode: 0o600 })
  const { urls } = await aReplay(
    t,
    directory,
    `match: { headers: [authorization, cookie] }
responder:
  - extractor: http_res_body
    transforms: [{ json_path: id_token }, jwt_resign: { secretPath: idp/hs.key }]
`,
  )
  const login = await fetch(`${urls[0]}/login`, { method: 'POST' })
  const { id_token: live } = (await login.json()) as { id_token: string }
  assert.notEqual(live, recorded)
  for (const [name, { method = 'GET', target = '', headers = [], body }] of Object.entries(bearing(live))) {
    const answer = await fetch(`${urls[0]}${target}`, {
      method,
      headers: headers.map(([field, value]): [string, string] => [field, value]),
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    })
    assert.deepEqual([answer.status, await answer.text()], [200, name])
  }
})

test('a user who did not wait for an answer gets that much of it, and what another user got never', async (t) => {
  const whole = (body: string): RawHeaders => [['Content-Length', String(body.length)]]
  const me = (id: number, sub: string, body: string, outcome: Outcome): RRPair =>
    aPair({
      id,
      outcome,
      request: { target: '/me', headers: [['Host', 'h'], bearer({ sub })] },
      response: { body, headers: outcome === 'complete' ? whole(body) : whole('longer than that') },
    })
  const recorded = [
    me(1, 'ann', 'for a', 'client aborted'),
    me(2, 'bob', 'for bob', 'complete'),
    me(3, 'bob', 'for b', 'client aborted'),
  ]
  const { urls, coverage } = await aReplay(t, await aSnapshot(t, recorded), '')
  const got = async (sub: string): Promise<string> => {
    const answer = await fetch(`${urls[0]}/me`, { headers: [[...bearer({ sub })]] })
    return answer.text().catch(() => 'cut')
  }
  // Somebody who was never recorded gets no answer that nobody waited for.
  assert.deepEqual(
    [await got('ann'), await got('bob'), await got('ann'), await got('bob'), await got('eve')],
    ['cut', 'for bob', 'cut', 'for bob', 'for bob'],
  )
  assert.deepEqual(coverage().unservable, [3])
})

test('answers of a backend that is ignored are given at the listeners of others, where those have none', async (t) => {
  const pairs = ['api', 'login', 'files'].flatMap((name, at) =>
    ['/', `/${name}`].map((target, of) =>
      aPair({
        id: at * 2 + of + 1,
        route: { listen: '127.0.0.1:1', target: `http://${name}.test` },
        request: { target },
        response: { body: `${target} of ${name}` },
      }),
    ),
  )
  const routes = ['api', 'login'].map((name) => ({ listen: '127.0.0.1:0', target: `http://${name}.test` }))
  const yaml = 'match: { rules: [{ filters: { path: /* }, ignore: { host: ["log*.test"] } }] }\n'
  const { urls } = await aReplay(t, await aSnapshot(t, pairs), yaml, { routes })
  const ask = async (listener: number, path: string): Promise<string | number> => {
    const response = await fetch(`${urls[listener] ?? ''}${path}`)
    return response.status === 200 ? response.text() : response.status
  }
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(
      await Promise.all([ask(0, '/'), ask(0, '/login'), ask(0, '/files'), ask(1, '/'), ask(1, '/api')]),
      ['/ of api', '/login of login', 404, '/ of login', 404],
    )
  }
})
