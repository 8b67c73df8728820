import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as jose from 'jose'
import { TAMPERS, type TamperName } from '../../src/issuer/tampers.ts'
import type { AlgName } from '../../src/keys/algorithms.ts'
import { anIssuer, BEGIN, BEGIN_MS, claimsIn, headOf, ISSUER, type TestIssuer } from './support/an-issuer.ts'
import { codeTokens } from './support/code-flow.ts'

/** What a resource server with jose says of each token; jose is strict about all of them. */
const REFUSALS: Readonly<Record<TamperName, RegExp>> = {
  expired: /"exp" claim timestamp check failed/,
  notYetValid: /"nbf" claim timestamp check failed/,
  wrongAudience: /unexpected "aud" claim value/,
  wrongIssuer: /unexpected "iss" claim value/,
  wrongSignature: /signature verification failed/,
  unknownKey: /no applicable key found/,
  algNone: /"alg" \(Algorithm\) Header Parameter value not allowed/,
  hsWithPublicKey: /"alg" \(Algorithm\) Header Parameter value not allowed/,
  missingKid: /unexpected "kid"/,
  duplicateKid: /signature verification failed/,
  wrongTyp: /unexpected "typ" JWT header value/,
  tamperedClaims: /signature verification failed/,
  unknownCrit: /Extension Header Parameter "urn:reseal:unknown" is not recognized/,
}

for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
  suite(`tokens on purpose wrong, ${alg}`, () => {
    test('are none of them when nothing is asked for', async () => {
      const test = await anIssuer({}, { alg })
      await check(test, await test.issuer.mint(), alg)
    })

    for (const tamper of Object.keys(REFUSALS) as TamperName[]) {
      test(`are refused for what they are: ${tamper}`, async () => {
        const test = await anIssuer({}, { alg })
        const token = await test.issuer.mint({ tamper, user: 'alice' })
        await assert.rejects(check(test, token, alg), REFUSALS[tamper])
      })
    }
  })
}

suite('a token that is wrong', () => {
  test('is so by more than clients’ leeway, and never signed ahead of its iat', async () => {
    const { issuer } = await anIssuer()
    const { iat, exp } = claimsIn(await issuer.mint({ tamper: 'expired' }))
    assert.deepEqual([iat, exp], [BEGIN - 3900, BEGIN - 3600])
    const later = claimsIn(await issuer.mint({ tamper: 'notYetValid' }))
    assert.deepEqual([later['iat'], later['nbf'], later['exp']], [BEGIN, BEGIN + 3600, BEGIN + 7200])
  })

  test('by unknownKey has the same stranger’s kid each time', async () => {
    const { issuer } = await anIssuer()
    const kid = async (): Promise<unknown> => headOf(await issuer.mint({ tamper: 'unknownKey' }))['kid']
    assert.equal(await kid(), await kid())
  })

  test('by duplicateKid goes by the published kid', async () => {
    const { issuer, ring } = await anIssuer()
    assert.equal(headOf(await issuer.mint({ tamper: 'duplicateKid' }))['kid'], ring.signer(BEGIN).kid)
  })

  test('has a sentence that says what is wrong with it', () => {
    for (const { does } of Object.values(TAMPERS)) assert.match(does, /^[a-z]/)
  })

  test('comes next from an endpoint as often as was asked, and of the kind that was asked', async () => {
    const test = await anIssuer({ login: 'auto' })
    test.issuer.tamperNext({ endpoint: 'token', tamper: 'algNone', count: 2, kind: 'id' })
    test.issuer.tamperNext({ endpoint: 'userinfo', tamper: 'algNone', count: 9 })
    const algs = async (): Promise<unknown[]> => {
      const tokens = await codeTokens(test)
      return [headOf(tokens['access_token'])['alg'], headOf(tokens['id_token'])['alg']]
    }
    assert.deepEqual(
      [await algs(), await algs(), await algs()],
      [
        ['ES256', 'none'],
        ['ES256', 'none'],
        ['ES256', 'ES256'],
      ],
    )
    test.issuer.tamperNext({ endpoint: 'auth', tamper: 'algNone', count: 1 })
    assert.equal(headOf((await test.post('/auth', '')).json['token'])['alg'], 'none')
    test.issuer.tamperNext({ endpoint: 'auth', tamper: 'algNone', count: 1 })
    test.issuer.reset()
    assert.equal(headOf((await test.post('/auth', '')).json['token'])['alg'], 'ES256')
  })

  test('cannot be asked for where it cannot be', async () => {
    const { issuer } = await anIssuer({}, { alg: 'HS256' })
    const plan = (tamper: string, count: number) => () =>
      issuer.tamperNext({ endpoint: 'token', tamper: tamper as TamperName, count })
    assert.throws(plan('hsWithPublicKey', 1), { code: 'KEY_UNFIT' })
    assert.throws(plan('expired', 0), { code: 'USAGE' })
    assert.throws(plan('expired', 0.5), { code: 'USAGE' })
    assert.throws(plan('toString', 1), { code: 'USAGE' })
    await assert.rejects(issuer.mint({ tamper: 'constructor' as TamperName }), { code: 'USAGE' })
  })
})

async function check({ ring }: TestIssuer, token: string, alg: AlgName): Promise<void> {
  const keys = jose.createLocalJWKSet(JSON.parse(ring.jwksText(BEGIN)) as jose.JSONWebKeySet)
  const { protectedHeader } = await jose.jwtVerify(token, keys, {
    algorithms: [alg],
    issuer: ISSUER,
    audience: ISSUER,
    typ: 'at+jwt',
    currentDate: new Date(BEGIN_MS),
    clockTolerance: 300,
  })
  // With one key in the set jose needs no kid; strict resource servers do.
  if (protectedHeader.kid === undefined) throw new Error('unexpected "kid"')
}
