import assert from 'node:assert/strict'
import { createPrivateKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { base64urlBytes, parseJwt, type Jwt } from '../../src/core/jwt.ts'
import { ALGORITHMS, isAlgName } from '../../src/keys/algorithms.ts'
import { findJwks } from '../../src/keys/jwks.ts'

const VECTORS = join(import.meta.dirname, '../vectors')

/** The question is who signed a recorded token; the file itself calls test 346 valid, PS384 by a key labelled PS256. */
const LABEL = 'the signature is right, by this very key, but with another alg than the JWK is labelled with'

interface CookbookExample {
  readonly input: { readonly key: JsonWebKey; readonly alg: string }
  readonly signing: { readonly 'sig-input': string; readonly sig: string }
}

interface WycheproofGroup {
  readonly comment: string
  readonly public?: JsonWebKey
  readonly private?: JsonWebKey
  readonly tests: readonly { readonly tcId: number; readonly jws: string; readonly result: string }[]
}

suite('RFC 7520 §4 and RFC 8037 appendix A', () => {
  for (const [file, what] of [
    ['jws/4_1.rsa_v15_signature.json', 'RS256'],
    ['jws/4_4.hmac-sha2_integrity_protection.json', 'HS256'],
    ['curve25519/jws.json', 'EdDSA'],
  ] as const) {
    test(`the ${what} signature is reproduced byte for byte`, async () => {
      const { key, data, expected, algorithm } = example(file)
      assert.equal(Buffer.from(await algorithm.sign(data, key)).toString('base64url'), expected)
      assert.equal(Buffer.from(algorithm.signSync(data, key)).toString('base64url'), expected)
    })
  }

  for (const [file, what] of [
    ['jws/4_2.rsa-pss_signature.json', 'PS384'],
    ['jws/4_3.ecdsa_signature.json', 'ES512'],
  ] as const) {
    test(`the ${what} signature verifies, and ours, which is random, has its length`, async () => {
      const { key, data, expected, algorithm } = example(file)
      const signature = Buffer.from(expected, 'base64url')
      assert.equal(algorithm.verify(data, signature, key), true)
      assert.equal((await algorithm.sign(data, key)).length, signature.length)
    })
  }
})

suite('Wycheproof json_web_signature_test', () => {
  /** Where the file contradicts itself or RFC 7515 §2, or asks for what this oracle is not for. */
  const OTHERWISE: Readonly<Record<number, string>> = {
    332: LABEL,
    334: LABEL,
    336: LABEL,
    338: LABEL,
    340: LABEL,
    367: 'called invalid, but byte for byte the token of test 357, which is valid',
    370: 'called invalid, but byte for byte the token of test 357, which is valid',
    372: 'called valid, but its header has a "?" amid the base64url',
    373: 'called valid, but its payload has a "?" amid the base64url',
  }
  const groups = (readJson('wycheproof/json_web_signature_test.json') as { testGroups: WycheproofGroup[] })
    .testGroups
  const judged = groups.flatMap((group) =>
    group.tests.map(({ tcId, jws, result }) => ({
      tcId,
      expected: result === 'valid',
      actual: accepts(group, jws),
    })),
  )

  test('every one of the 401 tokens is judged as the file says, but for nine with reasons', () => {
    assert.equal(judged.length, 401)
    const others = judged
      .filter(({ expected, actual }) => expected !== actual)
      .map(({ tcId }) => String(tcId))
    assert.deepEqual(others, Object.keys(OTHERWISE))
  })

  test('the two called invalid are the same as the valid one', () => {
    const tokenOf = (id: number): string | undefined =>
      groups.flatMap(({ tests }) => tests).find(({ tcId }) => tcId === id)?.jws
    assert.equal(tokenOf(367), tokenOf(357))
    assert.equal(tokenOf(370), tokenOf(357))
  })
})

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(VECTORS, file), 'utf8'))
}

function example(file: string) {
  const { input, signing } = readJson(`cookbook/${file}`) as CookbookExample
  assert.ok(isAlgName(input.alg))
  const key: KeyObject =
    input.key.kty === 'oct'
      ? createSecretKey(Buffer.from(input.key.k ?? '', 'base64url'))
      : createPrivateKey({ key: input.key, format: 'jwk' })
  return {
    key,
    data: Buffer.from(signing['sig-input']),
    expected: signing.sig,
    algorithm: ALGORITHMS[input.alg],
  }
}

function accepts(group: WycheproofGroup, token: string): boolean {
  const jws = compactJws(token)
  const jwks = findJwks(JSON.stringify({ keys: [group.public ?? group.private] }))
  return jws !== undefined && jwks?.entries[0]?.verifies(jws) === true
}

/** These payloads are no claims, which parseJwt asks for, so it judges the rest beside an empty object of claims. */
function compactJws(token: string): Jwt | undefined {
  const parts = token.split('.')
  const [head = '', body = '', tail = ''] = parts
  if (parts.length !== 3 || base64urlBytes(body) === undefined) return undefined
  const jwt = parseJwt(`${head}.e30.${tail}`)
  return jwt && { ...jwt, token, signingInput: `${head}.${body}` }
}
