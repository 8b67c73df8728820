import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { brotliCompressSync, gzipSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { findJwts, parseJwt } from '../../src/core/jwt.ts'
import { isRedactedSignature, wasSignature } from '../../src/core/redacted-signature.ts'
import { REDACT_ALL, REDACT_NOTHING } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { aPair } from '../support/a-pair.ts'
import { bodyOf, redacted, redactedBody, redactedField } from './redacted.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const HS = jsonwebtoken.sign({ sub: 'u', iat: 1 }, 's'.repeat(32))
const RS = jsonwebtoken.sign({ sub: 'u', iat: 1 }, rsa.privateKey, { algorithm: 'RS256' })

/** Spellings of a token that JSON reads as the token. */
const ESCAPINGS: readonly ((token: string) => string)[] = [
  (token) => token.replace('.', '\\u002e'),
  (token) => token.replaceAll('.', '\\u002E'),
  (token) => token.replaceAll(/[-_e]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  (token) => Array.from(token, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join(''),
]

/** The token as it is to be stored: nothing of it changes but the signature. */
function assertRedacted(stored: string, token: string): void {
  const [before, after] = [parseJwt(token), parseJwt(stored)]
  assert.ok(before !== undefined && after !== undefined)
  assert.equal(after.signingInput, before.signingInput)
  assert.equal(stored.length, token.length)
  assert.ok(isRedactedSignature(stored.split('.')[2] ?? ''))
}

suite('a JWT keeps header, claims and length, and loses its signature', () => {
  const places: readonly (readonly [string, (token: string) => string])[] = [
    ['Authorization', (token) => redactedField('Authorization', `Bearer ${token}`)],
    ['a DPoP proof', (token) => redactedField('DPoP', token)],
    ['any other header', (token) => redactedField('X-Whatever', `a ${token}, b`)],
    ['a cookie', (token) => redactedField('Cookie', `a=1; session=${token}; b=2`)],
    ['a query', (token) => redacted({ request: { target: `/x?id_token_hint=${token}&a=1` } }).request.target],
    ['a path', (token) => redacted({ request: { target: `/verify/${token}/now` } }).request.target],
    ['a form', (token) => redactedBody(FORM, `client_assertion=${token}&a=1`)],
    ['JSON', (token) => redactedBody(JSON_TYPE, `{"access_token":"${token}","expires_in":3}`)],
    ['JSON in JSON', (token) => redactedBody(JSON_TYPE, JSON.stringify({ a: JSON.stringify({ b: token }) }))],
    ['a page', (token) => redactedBody('text/html', `<input name="id_token" value="${token}"/>`)],
    ['plain text', (token) => redactedBody('application/jwt', token)],
    ['bytes', (token) => redactedBody('application/grpc', `\0\0\0\u0001${token}\u0002`)],
    ['cut off JSON', (token) => redactedBody(JSON_TYPE, `{"a":{"access_token":"${token}"`)],
  ]
  for (const [place, store] of places) {
    test(`in ${place}`, () => {
      for (const token of [HS, RS]) {
        const stored = store(token)
        assert.ok(!stored.includes(token.split('.')[2] ?? '?'))
        const [found] = findJwts(stored)
        assertRedacted(found?.jwt.token ?? '', token)
      }
    })
  }
  test('in responses, their trailers and interim responses', () => {
    const { response } = redacted({
      response: {
        headers: [['Set-Cookie', `t=${RS}; Path=/; HttpOnly`]],
        trailers: [['X-Token', RS]],
        interim: [{ status: 103, reason: 'Early Hints', headers: [['Link', `</a?t=${RS}>`]], atMs: 1 }],
      },
    })
    assertRedacted(/t=(\S+); Path=\/; HttpOnly/.exec(response?.headers[0]?.[1] ?? '')?.[1] ?? '', RS)
    assertRedacted(response?.trailers[0]?.[1] ?? '', RS)
    assertRedacted(/t=(\S+)>/.exec(response?.interim?.[0]?.headers[0]?.[1] ?? '')?.[1] ?? '', RS)
  })
  test('however percent-encoding or escapes hide it', () => {
    const escaped = RS.replace('.', '\\u002e')
    assertRedacted(JSON.parse(redactedBody(JSON_TYPE, `{"access_token":"${escaped}"}`)).access_token, RS)
    for (const spell of ESCAPINGS) {
      for (const [before, after] of [
        ['{"jwt":"', '"}'],
        ['["a ', ' b"]'],
      ]) {
        const stored = redactedBody(JSON_TYPE, `${before}${spell(RS)}${after}`)
        assertRedacted(/[\w.-]{100,}/.exec(JSON.stringify(JSON.parse(stored)))?.[0] ?? '', RS)
      }
    }
    const nested = redactedBody(JSON_TYPE, JSON.stringify({ a: `{"t":"${RS.replaceAll('.', '\\u002e')}"}` }))
    assertRedacted(JSON.parse(JSON.parse(nested).a).t, RS)
    const form = redactedBody(FORM, `state=${RS.replaceAll('.', '%2E')}`)
    assertRedacted(new URLSearchParams(form).get('state') ?? '', RS)
  })
  test('in the claims of another token', () => {
    const outer = jsonwebtoken.sign({ act: RS }, 's'.repeat(32))
    const stored = redactedBody('text/plain', outer)
    const claims = jsonwebtoken.decode(stored)
    assertRedacted(typeof claims === 'object' ? String(claims?.['act']) : '', RS)
  })
})

suite('what stands for a signature', () => {
  test('is the hash of it, where one key gives one signature', () => {
    const stored = redactedBody('text/plain', RS)
    const signature = Buffer.from(RS.split('.')[2] ?? '', 'base64url')
    const hash = createHash('sha256').update(signature).digest('base64url')
    assert.match(stored.split('.')[2] ?? '', new RegExp(`^redacted-SHA256-${hash}-+A$`))
    assert.equal(wasSignature(stored.split('.')[2] ?? '', signature), true)
    assert.equal(wasSignature(stored.split('.')[2] ?? '', Buffer.from('other')), false)
  })
  test('is the same for every HMAC and ECDSA signature of a length', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const one = jsonwebtoken.sign({ a: 1 }, ec.privateKey, { algorithm: 'ES256' })
    assert.match(redactedBody('text/plain', one), /\.redacted-signature-+A$/)
    assert.match(redactedBody('text/plain', HS), /\.redacted-signature-+A$/)
  })
  test('stands for one that was cut off as well', () => {
    for (const kept of [1, 2, 3, 50]) {
      const [head = '', payload = '', signature = ''] = RS.split('.')
      const cut = redactedBody('text/plain', `${head}.${payload}.${signature.slice(0, kept)}`)
      assert.equal(cut.split('.')[2]?.length, kept)
      assert.ok(kept < 3 || !cut.includes(signature.slice(0, kept)))
    }
  })
  test('leaves unsigned and redacted tokens alone', () => {
    const none = jsonwebtoken.sign({ a: 1 }, '', { algorithm: 'none' })
    assert.equal(redactedBody('text/plain', none), none)
    const once = redactedBody('text/plain', RS)
    assert.equal(redactedBody('text/plain', once), once)
  })
  test('stands for the tag of a JWE, and its ciphertext stays', () => {
    const part = (text: string): string => Buffer.from(text).toString('base64url')
    const head = part('{"alg":"RSA-OAEP","enc":"A256GCM"}')
    const jwe = `${head}.${part('key')}.${part('iv')}.${part('text')}`
    assert.equal(redactedBody('text/plain', `${jwe}.${'x'.repeat(21)}w`), `${jwe}.redacted-signature---A`)
  })
})

suite('a credential becomes a numbered placeholder', () => {
  const cases: readonly (readonly [what: string, stored: string, wanted: string])[] = [
    [
      'Basic, still well formed',
      redactedField('Authorization', `Basic ${Buffer.from('u:p').toString('base64')}`),
      `Basic ${Buffer.from('redacted-basic-1:redacted').toString('base64')}`,
    ],
    ['an opaque bearer', redactedField('authorization', 'bearer abc.def'), 'bearer redacted-bearer-1'],
    [
      'Digest',
      redactedField('Authorization', 'Digest username="u", response="1"'),
      'Digest redacted-bearer-1',
    ],
    ['credentials without scheme', redactedField('Proxy-Authorization', 'abc'), 'redacted-bearer-1'],
    ['an API key', redactedField('X-Api-Key', 'k-1'), 'redacted-x_api_key-1'],
    ['cookies', redactedField('Cookie', 'a=1; b="x y";c'), 'a=redacted-cookie-1; b=redacted-cookie-1-2;c'],
    [
      'a set cookie, attributes kept',
      redactedField('Set-Cookie', 'sid=x; Path=/; Max-Age=3'),
      'sid=redacted-cookie-1; Path=/; Max-Age=3',
    ],
    ['a cookie that is deleted', redactedField('Set-Cookie', 'sid=; Max-Age=0'), 'sid=; Max-Age=0'],
    [
      'the fragment of a redirection',
      redactedField('Location', 'https://a/cb#access_token=x&state=s'),
      'https://a/cb#access_token=redacted-access_token-1&state=s',
    ],
    ['userinfo', redactedField('X-Url', 'see https://u:p@h/x'), 'see https://redacted-userinfo-1@h/x'],
    [
      'form fields, others byte for byte',
      redactedBody(FORM, 'a=%20&client_secret=s%26t&&code=c'),
      'a=%20&client_secret=redacted-client_secret-1&&code=c',
    ],
    [
      'a form without its type',
      redactedBody('text/plain', 'user=u&password=p'),
      'user=u&password=redacted-password-1',
    ],
    [
      'JSON members of every spelling',
      redactedBody(JSON_TYPE, '{"clientSecret" : "s", "API-Key":"\\u0073","x":"s"}'),
      '{"clientSecret" : "redacted-client_secret-1", "API-Key":"redacted-api_key-1","x":"s"}',
    ],
    [
      'JSON members whose names are spelt with escapes',
      redactedBody(
        JSON_TYPE,
        '{"pass\\u0077ord":"a","\\u0070wd":"b","to\\u006ben" : "Az09-Az09-Az09","clien\\u0074_secret":"c","x\\u0070":"\\u0026"}',
      ),
      '{"pass\\u0077ord":"redacted-password-1","\\u0070wd":"redacted-password-1-2","to\\u006ben" : "redacted-token-1-3","clien\\u0074_secret":"redacted-client_secret-1-4","x\\u0070":"\\u0026"}',
    ],
    [
      'the same in JSON within JSON',
      redactedBody(JSON_TYPE, JSON.stringify({ a: '{"pass\\u0077ord" \n: "p", "Pwd":"q"}' })),
      JSON.stringify({ a: '{"pass\\u0077ord" \n: "redacted-password-1", "Pwd":"redacted-password-1-2"}' }),
    ],
    [
      'userinfo where JSON escapes slashes',
      redactedBody(JSON_TYPE, '{"url":"https:\\/\\/u:p@h\\/x","mail":"me@example.com"}'),
      '{"url":"https:\\/\\/redacted-userinfo-1@h\\/x","mail":"me@example.com"}',
    ],
    [
      'numbers, and lists of strings',
      redactedBody(JSON_TYPE, '{"password":12.5e3,"secret":["a" , "b"],"assertion":null,"pwd":true}'),
      '{"password":"redacted-password-1","secret":["redacted-secret-1-2" , "redacted-secret-1-3"],"assertion":null,"pwd":true}',
    ],
    [
      'a token of a name that means words as well, if it looks like one',
      redactedBody(JSON_TYPE, '[{"token":" hello"},{"token":"Az09-Az09-Az09"}]'),
      '[{"token":" hello"},{"token":"redacted-token-1"}]',
    ],
    [
      'JSON that was cut off',
      redactedBody(JSON_TYPE, '{"a":1,"refresh_token":"abc'),
      '{"a":1,"refresh_token":"redacted-refresh_token-1',
    ],
    [
      'lines of JSON in an event stream',
      redactedBody('text/event-stream', 'data: {"password":"p"}\n\ndata: {"password":"q"}\n'),
      'data: {"password":"redacted-password-1"}\n\ndata: {"password":"redacted-password-1-2"}\n',
    ],
    [
      'parts of a multipart form',
      redactedBody(
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\np\r\n--b--',
      ),
      '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nredacted-password-1\r\n--b--',
    ],
    [
      'inputs of a page',
      redactedBody('text/html', "<input value='x' name='access_token'><input name=q value=x>"),
      "<input value='redacted-access_token-1' name='access_token'><input name=q value=x>",
    ],
    [
      'private keys, as PEM and as JWK',
      redactedBody(
        JSON_TYPE,
        `{"pem":"-----BEGIN EC PRIVATE KEY-----\\nAb\\n-----END EC PRIVATE KEY-----\\n","kty":"EC","d":"${'d'.repeat(43)}"}`,
      ),
      '{"pem":"-----BEGIN EC PRIVATE KEY-----\\nredacted-private_key-1\\n-----END EC PRIVATE KEY-----\\n","kty":"EC","d":"redacted-private_key-1-2"}',
    ],
  ]
  for (const [what, stored, wanted] of cases) test(what, () => assert.equal(stored, wanted))

  test('in a query, where a name does not mean something else as well', () => {
    const { target } = redacted({ request: { target: '/x?api_key=k&token=next&sig=s&a' } }).request
    assert.equal(target, '/x?api_key=redacted-api_key-1&token=next&sig=redacted-sig-1-2&a')
  })
  test('the same number for the same secret, in every pair and syntax', () => {
    const redact = createRedactor(compileRules(REDACT_ALL))
    const login = redact(aPair({ id: 4, response: { body: '{"access_token":"a\\u0062c"}' } }))
    const call = redact(aPair({ id: 9, request: { headers: [['Authorization', 'Bearer abc']] } }))
    const other = redact(aPair({ id: 9, request: { headers: [['Authorization', 'Bearer abd']] } }))
    assert.equal(bodyOf(login.response), '{"access_token":"redacted-access_token-4"}')
    assert.equal(call.request.headers[0]?.[1], 'Bearer redacted-bearer-4')
    assert.equal(other.request.headers[0]?.[1], 'Bearer redacted-bearer-9')
  })
})

suite('what is no secret', () => {
  test('a pair without any is given back itself', () => {
    const pair = aPair({
      request: { target: '/a?b=%20', headers: [['Cookie', '']], body: '{"key":"they, eyJ"}' },
      response: { body: '{"token_type":"Bearer","scope":"eyJ.eyJ.x","passwordless":"yes"}' },
    })
    assert.equal(createRedactor(compileRules(REDACT_ALL))(pair), pair)
  })
  test('a redacted pair is given back itself', () => {
    const once = redacted({
      request: { headers: [['Authorization', 'Basic dTpw']], body: `{"password":"p","t":"${RS}"}` },
    })
    assert.equal(createRedactor(compileRules(REDACT_ALL))(once), once)
  })
  test('every byte outside of the replaced values stays, those that are no UTF-8 too', () => {
    const body = Buffer.concat([
      Buffer.from([0xff, 0, 0xc3]),
      Buffer.from('"password" :\t"p\xe9"'),
      Buffer.from([0xfe]),
    ])
    const stored = redacted({ request: { body } }).request.body
    const wanted = [
      Buffer.from([0xff, 0, 0xc3]),
      Buffer.from('"password" :\t"redacted-password-1"'),
      Buffer.from([0xfe]),
    ]
    assert.deepEqual(Buffer.from(stored), Buffer.concat(wanted))
  })
})

suite('a body that changes', () => {
  test('takes Content-Length, digests and byte counts with it', () => {
    const pair = redacted({
      response: {
        headers: [
          ['Content-Length', '16'],
          ['Content-MD5', createHash('md5').update('{"password":"p"}').digest('base64')],
        ],
        body: '{"password":"p"}',
      },
    })
    const body = '{"password":"redacted-password-1"}'
    assert.deepEqual(pair.response?.headers, [
      ['Content-Length', String(body.length)],
      ['Content-MD5', createHash('md5').update(body).digest('base64')],
    ])
    assert.equal(pair.responseBytes, body.length)
  })
  test('keeps in Content-Length what was missing when it was cut off', () => {
    const { response } = redacted({
      outcome: 'upstream aborted',
      response: {
        headers: [
          ['Content-Type', 'application/json'],
          ['Content-Length', '116'],
        ],
        body: '{"password":"x"}',
      },
    })
    const length = bodyOf(response).length + 100
    assert.deepEqual(response?.headers[1], ['Content-Length', String(length)])
    assert.notEqual(length, 116)
  })

  test('is decoded and coded again', () => {
    const headers = [['Content-Encoding', 'gzip']] as const
    const body = gzipSync(`{"access_token":"${RS}"}`)
    const stored = redacted({ response: { headers, body } }).response?.body ?? new Uint8Array()
    assertRedacted(JSON.parse(gunzipSync(stored).toString()).access_token, RS)
  })
  test('is decoded as far as it goes when it was cut off', () => {
    for (const [coding, coded] of [
      ['gzip', gzipSync(`{"access_token":"${RS}","fill":"${randomText(20_000)}"}`)],
      ['br', brotliCompressSync(`{"access_token":"${RS}","fill":"${randomText(20_000)}"}`)],
    ] as const) {
      const headers = [['Content-Encoding', coding]] as const
      const pair = redacted({ response: { headers, body: coded.subarray(0, 8000) }, responseTruncated: true })
      assert.notDeepEqual(Buffer.from(pair.response?.body ?? ''), coded.subarray(0, 8000))
    }
  })
  test('keeps its pieces where they were', () => {
    const chunks = [
      { endBytes: 10, atMs: 1 },
      { endBytes: 14, atMs: 2 },
      { endBytes: 20, atMs: 3 },
      { endBytes: 25, atMs: 4 },
    ]
    const { response } = redacted({ response: { body: '{"password":"abcdef","a":1}', chunks } })
    const body = '{"password":"redacted-password-1","a":1}'
    assert.equal(bodyOf(response), body)
    assert.deepEqual(response?.chunks, [
      { endBytes: 10, atMs: 1 },
      { endBytes: 32, atMs: 2 },
      { endBytes: 33, atMs: 3 },
      { endBytes: body.length, atMs: 4 },
    ])
  })
})

suite('a body of many kilobytes', () => {
  const secrets: readonly (readonly [what: string, secret: string, stored: string])[] = [
    ['a member', '"password" : "p"', '"password" : "redacted-password-1"'],
    [
      'an escaped name',
      `"${Array.from('pwd', (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('')}":"p"`,
      '"\\u0070\\u0077\\u0064":"redacted-password-1"',
    ],
    [
      'a name far from its colon',
      `"password"${' '.repeat(3000)}:"p"`,
      `"password"${' '.repeat(3000)}:"redacted-password-1"`,
    ],
    ['userinfo', `"x":"https://${'u'.repeat(500)}@h"`, '"x":"https://redacted-userinfo-1@h"'],
    ['an input', '<input name="password" value="p">', '<input name="password" value="redacted-password-1">'],
    [
      'a private key',
      '-----BEGIN PRIVATE KEY-----\nAb\n-----END PRIVATE KEY-----',
      '-----BEGIN PRIVATE KEY-----\nredacted-private_key-1\n-----END PRIVATE KEY-----',
    ],
    ['a member of a JWK', `"kty":"EC","d":"${'d'.repeat(43)}"`, '"kty":"EC","d":"redacted-private_key-1"'],
  ]
  for (const [what, secret, stored] of secrets) {
    test(`is searched at every place: ${what}`, () => {
      for (const before of [0, 60_000, ...around(64_512, secret), ...around(65_536, secret), 200_000]) {
        const [head, tail] = [',"a":1'.repeat(before / 6).padEnd(before, ','), ',"b":2'.repeat(20_000)]
        assert.ok(redactedBody(JSON_TYPE, head + secret + tail) === head + stored + tail, `at ${before}`)
      }
    })
  }
  test('is searched for tokens, and all of them are counted', () => {
    let met = 0
    const redact = createRedactor(compileRules(REDACT_ALL), () => (met += 1))
    const body = `${'x '.repeat(64_000)}${RS} ${'y '.repeat(64_000)}${HS}`
    const stored = bodyOf(redact(aPair({ request: { body } })).request)
    assert.deepEqual(
      findJwts(stored).map(({ jwt }) => jwt.signingInput),
      [RS.slice(0, RS.lastIndexOf('.')), HS.slice(0, HS.lastIndexOf('.'))],
    )
    assert.ok(findJwts(stored).every(({ jwt }) => isRedactedSignature(jwt.token.split('.')[2] ?? '')))
    assert.equal(met, 2)
  })
  test('is a form with its last field', () => {
    const head = 'a=1&'.repeat(40_000)
    assert.equal(redactedBody(FORM, `${head}password=p`), `${head}password=redacted-password-1`)
  })
})

/** Places at which a text begins before a border and ends behind it. */
function around(border: number, text: string): readonly number[] {
  return [
    border - text.length,
    border - text.length + 1,
    border - Math.ceil(text.length / 2),
    border - 1,
    border,
  ]
}

test('a WebSocket message is searched whole, whatever frames it came in', () => {
  const frame = (payload: string, fin: boolean, opcode: number) =>
    ({ from: 'client', fin, opcode, payload: Buffer.from(payload), atMs: 1 }) as const
  const half = RS.length / 2
  const { response } = redacted({
    response: {
      status: 101,
      frames: [frame(RS.slice(0, half), false, 1), frame('', true, 9), frame(RS.slice(half), true, 0)],
    },
  })
  const [first, ping, last] = response?.frames ?? []
  assert.equal(ping?.payload.length, 0)
  assertRedacted(`${bodyOf(first && { body: first.payload })}${bodyOf(last && { body: last.payload })}`, RS)
})

suite('the user says otherwise', () => {
  test('nothing, or one part, is redacted', () => {
    const body = `{"password":"p","t":"${RS}"}`
    assert.equal(redactedBody(JSON_TYPE, body, REDACT_NOTHING), body)
    assert.equal(redactedBody(JSON_TYPE, body, { jwt: false }), body.replace('"p"', '"redacted-password-1"'))
    assert.equal(redactedField('Cookie', 'a=1; b=2', { cookies: ['b'] }), 'a=1; b=redacted-cookie-1')
    assert.equal(redactedField('Cookie', 'a=1; b=2', { except: ['a'] }), 'a=1; b=redacted-cookie-1')
    assert.equal(redactedBody(JSON_TYPE, '{"password":"p"}', { except: ['password'] }), '{"password":"p"}')
  })
  test('headers, parameters, fields, places and patterns are added', () => {
    assert.equal(redactedField('X-Pin', '123', { headers: ['x-pin'] }), 'redacted-x_pin-1')
    assert.equal(redactedBody(FORM, 'pin=1&a=1', { form: ['pin'] }), 'pin=redacted-pin-1&a=1')
    assert.equal(
      redacted({ request: { target: '/?k=1' } }, { query: ['k'] }).request.target,
      '/?k=redacted-k-1',
    )
    const paths = [
      [
        { deep: true, names: ['card'] },
        { deep: false, names: ['no'] },
      ],
    ]
    assert.equal(
      redactedBody(JSON_TYPE, '{"a":[{"card":{"no":1,"x":2}}],"no":3}', { paths }),
      '{"a":[{"card":{"no":"redacted-no-1","x":2}}],"no":3}',
    )
    assert.equal(
      redactedBody('text/plain', 'call +49 123 now', { patterns: [String.raw`\+(\d+ \d+)`] }),
      'call +redacted-pattern-1 now',
    )
  })
  test('a pattern that would take exponential time elsewhere takes linear time', () => {
    const stored = redactedBody('text/plain', `${'a'.repeat(50_000)}b`, { patterns: ['^(?:(a+)+)$'] })
    assert.equal(stored.length, 50_001)
  })
  test('a pattern that RE2 does not take is refused with a hint', () => {
    assert.throws(() => compileRules({ ...REDACT_ALL, patterns: ['(?=a)'] }), {
      code: 'CONFIG_INVALID',
      hint: 'Patterns have the syntax of RE2: without look-around and back-references.',
    })
  })
})

suite('hostile input', () => {
  const hostile: readonly (readonly [string, string])[] = [
    ['beginnings of tokens', 'eyJ'.repeat(400_000)],
    ['beginnings of tokens, apart', 'eyJ '.repeat(400_000)],
    ['dots', `eyJ${'.'.repeat(1_000_000)}`],
    ['headers', 'eyJhbGciOiJub25lIn0.'.repeat(60_000)],
    ['names without values', '"password"'.repeat(100_000)],
    ['names in lists', '"password":['.repeat(100_000)],
    ['strings that never end', '"password":"'.repeat(100_000)],
    ['backslashes', `"password":"${'\\'.repeat(1_000_000)}`],
    ['backslashes after a name', `"password":${'\\'.repeat(1_000_000)}`],
    ['white space after a name', `"password"${' '.repeat(1_000_000)}`],
    ['private keys that never end', '-----BEGIN PRIVATE KEY-----'.repeat(40_000)],
    ['beginnings of PEM', '-----BEGIN '.repeat(100_000)],
    ['addresses', '://a:b'.repeat(200_000)],
    ['inputs', '<input name='.repeat(100_000)],
    ['parameters', 'a=&password=&'.repeat(80_000)],
    ['depth', '['.repeat(1_000_000)],
    ['colons', '":'.repeat(500_000)],
    ['names that end like one', `${'x'.repeat(400)}token":`.repeat(3000)],
    ['escapes', '\\u0065'.repeat(200_000)],
    ['escapes in names', '"\\u0065":'.repeat(100_000)],
    ['beginnings of escaped tokens', '\\u0065yJ '.repeat(100_000)],
    ['at signs', 'a@'.repeat(500_000)],
    ['white space before colons', `"${' '.repeat(1000)}:`.repeat(1000)],
  ]
  for (const [what, body] of hostile) {
    test(`takes linear time: ${what}`, () => {
      const redact = createRedactor(compileRules(REDACT_ALL))
      const [small, large] = [body.slice(0, body.length / 8), body].map((text) => {
        const began = process.cpuUsage()
        redact(aPair({ request: { body: text } }))
        return process.cpuUsage(began).user / 1000
      })
      // Eight times the text; sixty-four times the time would be the square.
      assert.ok((large ?? 0) < 30 * (small ?? 0) + 200, `${small} ms, then ${large} ms`)
    })
  }
  test('any text at all is redacted without an error, and only once', () => {
    const piece = fc.constantFrom(
      '"password":',
      '"',
      '\\',
      'eyJhbGciOiJub25lIn0',
      '.',
      'e30',
      '{',
      ':',
      '&',
      '=',
      '%',
      'x',
      '[',
      ',',
      '-----BEGIN ',
      'PRIVATE KEY-----',
      '://',
      '@',
    )
    const text = fc
      .array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 })
      .map((all) => all.join(''))
    fc.assert(
      fc.property(text, (body) => {
        const once = redactedBody(JSON_TYPE, body)
        assert.equal(redactedBody(JSON_TYPE, once), once)
      }),
      { numRuns: 3000 },
    )
  })
})

/** Text that hardly compresses, the same each time. */
function randomText(length: number): string {
  let [state, text] = [1, '']
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    text += state.toString(36)
  }
  return text.slice(0, length)
}
