import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { bytesOfText, utf8OfText } from '../../src/core/binary-text.ts'
import { claimsOf, headerOf, type Jwt } from '../../src/core/jwt.ts'
import { ALGORITHMS } from '../../src/keys/algorithms.ts'
import { signingKey, UNSIGNED } from '../../src/keys/signing-key.ts'
import { planResign, resignObstacle, type ResignOptions } from '../../src/keys/resign/resign.ts'
import { aCertificate } from './support/certificate.ts'
import { aJwt, LATER_MS, oddToken, RECORDED_AT_MS, recordedToken } from './support/recorded-token.ts'

const privateKey = ALGORITHMS.ES256.generate()
const stagingKey = ALGORITHMS.ES256.generate()
const key = signingKey({ alg: 'ES256', key: privateKey, from: 'k' })

const NOW_S = Math.floor(LATER_MS / 1000)
const HEADER = '{"alg":"ES256","kid":"k1"}'

interface Case extends ResignOptions {
  readonly header_?: string
  readonly payload?: string
  readonly nowMs?: number
  readonly hashes?: Readonly<Record<string, string>>
}

async function resigned({
  header_ = HEADER,
  payload = '{}',
  nowMs = LATER_MS,
  hashes,
  ...options
}: Case): Promise<Jwt> {
  const recorded = recordedToken({ header: header_, payload })
  const resigner = planResign(recorded, key, options)
  return aJwt(await resigner.resign({ nowMs, recordedAtMs: RECORDED_AT_MS, hashes }))
}

const payloadOf = (jwt: Jwt): string => utf8OfText(jwt.payload.text)
const headerTextOf = (jwt: Jwt): string => utf8OfText(jwt.header.text)

suite('times', () => {
  const cases: readonly (readonly [what: string, recorded: string, expected: string, options?: Case])[] = [
    [
      'all move by the whole seconds since the recording',
      '{"exp":1700000300,"iat":1700000000,"nbf":1699999990,"auth_time":1699990000,"updated_at":1690000000}',
      '{"exp":1700001300,"iat":1700001000,"nbf":1699999990,"auth_time":1699991000,"updated_at":1690000000}'.replace(
        '1699999990',
        '1700000990',
      ),
    ],
    [
      'those of an answer about another token move too (RFC 9701)',
      '{"iat":1700000000,"token_introspection":{"active":true,"iat":1699999900,"exp":1700000200}}',
      '{"iat":1700001000,"token_introspection":{"active":true,"iat":1700000900,"exp":1700001200}}',
    ],
    [
      'an iat ahead of the recording’s clock holds all of them back',
      '{"iat":1700000005,"exp":1700000305,"nbf":1700000005}',
      '{"iat":1700001000,"exp":1700001300,"nbf":1700001000}',
    ],
    [
      'a fraction of iat counts in that',
      '{"iat":1700000000.5,"exp":1700000300}',
      '{"iat":1700000999.5,"exp":1700001299}',
    ],
    [
      'an iat in milliseconds counts too',
      '{"iat":1700000005000,"exp":1700000305}',
      '{"iat":1700001000000,"exp":1700001300}',
    ],
    [
      'an iat that is no time stays, and holds nothing back',
      '{"iat":1e26,"nbf":1700000000,"exp":1700000300}',
      '{"iat":1e26,"nbf":1700001000,"exp":1700001300}',
    ],
    [
      'an iat in microseconds is no time either',
      '{"iat":1700000000000000,"exp":1700000300}',
      '{"iat":1700000000000000,"exp":1700001300}',
    ],
    [
      'nor is one before 1970 or after 2169',
      '{"iat":-5,"iat":6400000000,"iat":"99999999999999999999","exp":1700000300}',
      '{"iat":-5,"iat":6400000000,"iat":"99999999999999999999","exp":1700001300}',
    ],
    [
      'one iat that is no time does not hide another that is ahead',
      '{"iat":1e15,"iat":1700000005,"exp":1700000305}',
      '{"iat":1e15,"iat":1700001000,"exp":1700001300}',
    ],
    [
      'a date in a string stays one',
      '{"iat":"1700000000","exp":"soon"}',
      '{"iat":"1700001000","exp":"soon"}',
    ],
    [
      'repeated claims all move',
      '{"exp":1700000300,"exp":1700000400}',
      '{"exp":1700001300,"exp":1700001400}',
    ],
    ['an escaped name is the same name', '{"\\u0065xp":1700000300}', '{"\\u0065xp":1700001300}'],
    ['nested ones are somebody else’s', '{"act":{"exp":1700000300}}', '{"act":{"exp":1700000300}}'],
    ['zero means none', '{"nbf":0,"exp":0,"auth_time":0}', '{"nbf":0,"exp":0,"auth_time":0}'],
    ['none are added', '{"sub":"x"}', '{"sub":"x"}'],
    ['more names may be given', '{"x_at":1700000000}', '{"x_at":1700001000}', { timeClaims: ['x_at'] }],
    ['keep leaves them', '{"iat":1,"exp":2}', '{"iat":1,"exp":2}', { time: 'keep' }],
    [
      'set explicitly, they do not move',
      '{"iat":1700000000,"exp":1700000300}',
      '{"iat":1700001000,"exp":5}',
      { claims: { set: { exp: 5 }, remove: [] } },
    ],
    [
      'a ttl counts from now, and the sign-in keeps its age',
      '{"iat":1690000000,"nbf":1690000000.0,"exp":"1690000001","auth_time":1699999000}',
      `{"iat":${NOW_S},"nbf":${NOW_S}.0,"exp":"${NOW_S + 900}","auth_time":1700000000}`,
      { time: { ttlMs: 900_000 } },
    ],
    [
      'a ttl adds an exp, but no iat',
      '{"sub":"x"}',
      `{"sub":"x","exp":${NOW_S + 60}}`,
      { time: { ttlMs: 60_999 } },
    ],
    ['a ttl replaces what is no date', '{"exp":null}', `{"exp":${NOW_S + 60}}`, { time: { ttlMs: 60_000 } }],
    [
      'a ttl adds no exp that was removed explicitly',
      '{"exp":1700000300,"a":1}',
      '{"a":1}',
      { time: { ttlMs: 60_000 }, claims: { set: {}, remove: ['exp'] } },
    ],
    [
      'move back for a clock before the recording',
      '{"iat":1700000000}',
      '{"iat":1699999998}',
      { nowMs: RECORDED_AT_MS - 1500 },
    ],
  ]
  for (const [what, payload, expected, options = {}] of cases) {
    test(what, async () => {
      assert.equal(payloadOf(await resigned({ payload, ...options })), expected)
    })
  }

  test('a ttl has at most a century', () => {
    const century = 100 * 365.25 * 86_400_000
    const plan = (ttlMs: number) =>
      planResign(recordedToken({ header: HEADER, payload: '{}' }), key, { time: { ttlMs } })
    assert.equal(plan(century).lifetimeSeconds, century / 1000)
    for (const ttlMs of [century + 1, 1e300, Infinity, Number.NaN]) {
      assert.throws(() => plan(ttlMs), {
        code: 'TRANSFORM_INVALID',
        message: 'The ttl of a token is longer than 100 years.',
        hint: 'Write a shorter one, such as 24h.',
      })
    }
  })

  test('iat is never ahead of now, and the lifetime is as recorded, whatever the clocks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 400_000_000_000 }),
        async (skewSeconds, lifetime, laterMs) => {
          const iat = 1_700_000_000 + skewSeconds
          const nowMs = RECORDED_AT_MS + laterMs
          const token = await resigned({ payload: `{"iat":${iat},"exp":${iat + lifetime}}`, nowMs })
          const claims = claimsOf(token) as { iat: number; exp: number }
          assert.ok(claims.iat <= Math.floor(nowMs / 1000))
          assert.equal(claims.exp - claims.iat, lifetime)
        },
      ),
      { numRuns: 200 },
    )
  })
})

suite('what the token says of itself', () => {
  for (const [payload, options, lifetime, timeBound] of [
    ['{"iat":1700000000,"exp":1700000300}', {}, 300, true],
    ['{"iat":1700000000000,"exp":1700000300}', {}, 300, true],
    ['{"iat":1,"exp":2.5}', { time: 'keep' }, 1.5, false],
    ['{"iat":1700000000000000,"exp":1700000300}', {}, undefined, true],
    ['{"iat":1700000000000000}', {}, undefined, false],
    ['{"exp":1700000300}', {}, undefined, true],
    ['{"sub":"x"}', {}, undefined, false],
    ['{"sub":"x"}', { time: { ttlMs: 90_000 } }, 90, true],
    ['{"iat":1700000000,"exp":1700000300}', { claims: { set: { exp: 5 }, remove: [] } }, undefined, true],
    ['{"iat":1700000000,"exp":1700000300}', { claims: { set: { iat: 5, exp: 7 }, remove: [] } }, 2, false],
  ] as const) {
    test(`${payload} with ${JSON.stringify(options)} lives ${lifetime} s and ${timeBound ? 'is' : 'is not'} bound to time`, () => {
      const resigner = planResign(recordedToken({ header: HEADER, payload }), key, options)
      assert.equal(resigner.lifetimeSeconds, lifetime)
      assert.equal(resigner.timeBound, timeBound)
    })
  }

  test('whether the key is the recording’s', () => {
    assert.equal(planResign(oddToken('ES256', privateKey), key).keyMatchesRecording, true)
    assert.equal(planResign(oddToken('ES256', stagingKey), key).keyMatchesRecording, false)
  })
})

suite('the bytes', () => {
  test('of header and payload are reused when nothing changes in them', async () => {
    const recorded = oddToken('ES256', stagingKey)
    const token = aJwt(
      await planResign(recorded, key, { time: 'keep' }).resign({ nowMs: LATER_MS, recordedAtMs: 0 }),
    )
    assert.equal(token.signingInput, recorded.signingInput)
    assert.notDeepEqual(token.signature, recorded.signature)
    assert.equal(key.verifies(token), true)
  })

  test('outside the times stay as recorded, for any claims in any spelling', async () => {
    const spacing = fc.constantFrom('', ' ', '\n', '\t ', '  ')
    const value = fc.oneof(
      fc.json({ depthSize: 'small' }),
      fc.bigInt().map(String),
      fc.constantFrom('1.0', '1E5', '"\\u00e9\\/"', '-0.10'),
    )
    const name = fc.string().filter((text) => !['iat', 'nbf', 'exp', 'auth_time'].includes(text))
    const members = fc.array(fc.tuple(name, spacing, spacing, value, spacing), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(members, members, spacing, async (before, after, outer) => {
        const spelled = (list: typeof before): string[] =>
          list.map(([name, a, b, value, c]) => `${a}${JSON.stringify(name)}${b}:${b}${value}${c}`)
        const around = (exp: string): string =>
          `${outer}{${[...spelled(before), `"exp" : ${exp}`, ...spelled(after)].join(',')}}${outer}`
        const token = await resigned({ payload: around('1700000300') })
        assert.equal(payloadOf(token), around('1700001300'))
      }),
      { numRuns: 300 },
    )
  })

  test('that are not UTF-8 survive', async () => {
    const encode = (text: string): string => Buffer.from(text, 'latin1').toString('base64url')
    const recorded = aJwt(`${encode(HEADER)}.${encode('{"a":"\xff\xfe","iat":1700000000}')}.AAAA`)
    const token = await planResign(recorded, key).resign({ nowMs: LATER_MS, recordedAtMs: RECORDED_AT_MS })
    assert.equal(aJwt(token).payload.text, '{"a":"\xff\xfe","iat":1700001000}')
  })
})

suite('claims', () => {
  test('are set in place or at the end, typed, and removed', async () => {
    const token = await resigned({
      payload: '{ "sub":"a", "n":1, "x": {"y":2} }',
      claims: { set: { sub: 'bé"', roles: ['a'], ok: true, none: null }, remove: ['n'] },
    })
    assert.equal(payloadOf(token), '{ "sub":"bé\\"", "x": {"y":2},"roles":["a"],"ok":true,"none":null }')
  })

  test('at_hash and its like are put in where they are, and only there', async () => {
    const token = await resigned({
      payload: '{"at_hash":"old","s_hash":5}',
      hashes: { at_hash: 'new', c_hash: 'x', s_hash: 'y' },
    })
    assert.equal(payloadOf(token), '{"at_hash":"new","s_hash":5}')
  })
})

suite('the header', () => {
  const other = ALGORITHMS.ES256.generate()
  const own = aCertificate({ subject: 'own', key: privateKey, issuer: 'ca', issuerKey: other })
  const certified = signingKey({ alg: 'ES256', key: privateKey, from: 'k', certificates: [own] })
  const proofs =
    '"x5t":"old","x5c":["old"],"x5t#S256":"old","x5u":"https://old","jku":"https://old","jwk":{"kty":"EC"}'

  test('keeps its kid, or stays without one', async () => {
    assert.equal((await resigned({})).kid, 'k1')
    assert.equal((await resigned({ header_: '{"alg":"ES256"}' })).kid, undefined)
    assert.equal((await resigned({ kid: 'keep' })).kid, 'k1')
  })

  for (const [kid, header_, expected] of [
    [{ value: 'mine' }, HEADER, '{"alg":"ES256","kid":"mine"}'],
    [{ value: 'mine' }, '{"alg":"ES256"}', '{"alg":"ES256","kid":"mine"}'],
    ['remove', '{"kid":"k1", "alg":"ES256"}', '{"alg":"ES256"}'],
    ['thumbprint', HEADER, `{"alg":"ES256","kid":"${key.thumbprint}"}`],
  ] as const) {
    test(`kid ${JSON.stringify(kid)} turns ${header_} into ${expected}`, async () => {
      const resigner = planResign(recordedToken({ header: header_, payload: '{}' }), key, { kid })
      const token = aJwt(await resigner.resign({ nowMs: 0, recordedAtMs: 0 }))
      assert.equal(headerTextOf(token), expected)
      assert.equal(resigner.kid, token.kid)
    })
  }

  test('has no thumbprint for an HMAC secret', () => {
    const secret = signingKey({ alg: 'HS256', key: ALGORITHMS.HS256.generate(), from: 's' })
    assert.throws(() => planResign(oddToken('HS256'), secret, { kid: 'thumbprint' }), {
      code: 'KEY_UNFIT',
      message: 'The key s (HMAC) has no public half to take a thumbprint of.',
    })
  })

  test('loses what proved another key', async () => {
    const token = await resigned({ header_: `{"alg":"ES256",${proofs},"typ":"at+jwt"}` })
    assert.equal(headerTextOf(token), '{"alg":"ES256","typ":"at+jwt"}')
  })

  test('keeps what proves the same key', async () => {
    const recorded = recordedToken({ header: `{"alg":"ES256",${proofs}}`, payload: '{}', key: privateKey })
    const token = await planResign(recorded, key).resign({ nowMs: 0, recordedAtMs: 0 })
    assert.equal(token.split('.')[0], recorded.token.split('.')[0])
  })

  test('gets the key’s own certificates where it had some', async () => {
    const recorded = recordedToken({ header: `{"alg":"ES256",${proofs}}`, payload: '{}' })
    const token = aJwt(await planResign(recorded, certified).resign({ nowMs: 0, recordedAtMs: 0 }))
    assert.deepEqual(headerOf(token), {
      alg: 'ES256',
      x5t: Buffer.from(own.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'),
      x5c: [own.raw.toString('base64')],
      'x5t#S256': Buffer.from(own.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    })
    const plain = recordedToken({ header: HEADER, payload: '{}' })
    assert.equal(
      headerTextOf(aJwt(await planResign(plain, certified).resign({ nowMs: 0, recordedAtMs: 0 }))),
      HEADER,
    )
  })

  test('names the new alg when that changes, in its place', async () => {
    const recorded = recordedToken({ header: '{"typ":"JWT", "alg" : "RS256"}', payload: '{}' })
    const token = aJwt(await planResign(recorded, key).resign({ nowMs: 0, recordedAtMs: 0 }))
    assert.equal(headerTextOf(token), '{"typ":"JWT", "alg" : "ES256"}')
    assert.equal(key.verifies(token), true)
  })

  test('takes explicit changes last', async () => {
    const token = await resigned({
      header_: `{"alg":"ES256","typ":"JWT","jku":"https://old","x5t":"old"}`,
      kid: 'thumbprint',
      header: { set: { typ: 'at+jwt', jku: 'https://new', kid: 'mine' }, remove: ['x5t'] },
    })
    assert.equal(headerTextOf(token), '{"alg":"ES256","typ":"at+jwt","jku":"https://new","kid":"mine"}')
  })

  test('cannot be made to lie about alg', () => {
    for (const header of [
      { set: { alg: 'none' }, remove: [] },
      { set: {}, remove: ['alg'] },
    ]) {
      assert.throws(() => planResign(oddToken('ES256'), key, { header }), { code: 'TRANSFORM_INVALID' })
    }
  })
})

suite('tokens that are not re-signed', () => {
  for (const [header, reason] of [
    [
      '{"alg":"ES256","crit":["b64"],"b64":true}',
      'its header has "crit", whose extensions reseal does not know',
    ],
    ['{"alg":"ES256","crit":[]}', 'its header has "crit", whose extensions reseal does not know'],
    ['{"alg":"ES256","b64":false}', 'its header has "b64": false'],
  ] as const) {
    test(`${header}: ${reason}`, () => {
      const token = recordedToken({ header, payload: '{}' })
      assert.equal(resignObstacle(token), reason)
      assert.throws(() => planResign(token, key), {
        code: 'TRANSFORM_INVALID',
        message: `The token cannot be re-signed because ${reason}.`,
      })
    })
  }

  test('have alg none: their times move, and they stay unsigned', async () => {
    const recorded = recordedToken({ header: '{"alg":"none"}', payload: '{"iat":1700000000}' })
    assert.equal(resignObstacle(recorded), undefined)
    const token = await planResign(recorded, UNSIGNED).resign({
      nowMs: LATER_MS,
      recordedAtMs: RECORDED_AT_MS,
    })
    assert.equal(
      token,
      `${recorded.token.split('.')[0]}.${Buffer.from('{"iat":1700001000}').toString('base64url')}.`,
    )
  })
})

test('a signature that does not verify is never handed out', async () => {
  const broken = { ...key, sign: async () => new Uint8Array(64) }
  const resigner = planResign(oddToken('ES256'), broken)
  await assert.rejects(resigner.resign({ nowMs: LATER_MS, recordedAtMs: RECORDED_AT_MS }), {
    code: 'UNEXPECTED',
    message: 'A signature just made by k (P-256) with ES256 does not verify.',
  })
})

test('ES signatures have full length even where R or S begin with zeros', async () => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'ES256K'] as const) {
    const own = ALGORITHMS[alg].generate()
    const lengths = new Set<number>()
    for (let index = 0; index < (alg === 'ES256' ? 600 : 60); index += 1) {
      const data = bytesOfText(`${index}`)
      const signature = ALGORITHMS[alg].signSync(data, own)
      lengths.add(signature.length)
      assert.equal(ALGORITHMS[alg].verify(data, signature, own), true)
    }
    assert.deepEqual([...lengths], [{ ES256: 64, ES384: 96, ES512: 132, ES256K: 64 }[alg]])
  }
})
