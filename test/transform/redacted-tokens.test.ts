import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { atOnce } from '../../src/core/sliced.ts'
import { claimsOf } from '../../src/core/jwt.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { REDACT_ALL } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { compileTransforms, type CompiledTransforms } from '../../src/transform/compile.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { scaffold } from '../../src/transform/scaffold/scaffold.ts'
import { aJwt } from '../keys/support/recorded-token.ts'
import { secretsWith } from '../keys/support/secrets-directory.ts'
import { aPair, aRequest } from '../support/a-pair.ts'
import { aSource } from '../support/a-source.ts'

const staging = generateKeyPairSync('rsa', { modulusLength: 2048 })
const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function token(claims: object, key: KeyObject = staging.privateKey, algorithm: 'RS256' | 'ES256' = 'RS256') {
  return jsonwebtoken.sign({ iss: 'https://idp', ...claims }, key, { algorithm, keyid: 'k1' })
}

function half(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
}

/** A login and a JWKS as a recorder stores them by default. */
function recorded(login: object, ...keys: readonly KeyObject[]): readonly RRPair[] {
  const redact = createRedactor(compileRules(REDACT_ALL))
  const jwks = keys.map((key) => ({ ...key.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }))
  return [
    redact(aPair({ id: 1, response: { body: JSON.stringify(login) } })),
    redact(
      aPair({ id: 2, request: { target: '/jwks' }, response: { body: JSON.stringify({ keys: jwks }) } }),
    ),
  ]
}

const BOTH =
  "transforms: [{ json_path: \"$['id_token','access_token','other']\" }, { jwt_resign: { secretPath: a/key } }]"

function compiled(t: TestContext, key: KeyObject, pairs: readonly RRPair[]): CompiledTransforms {
  const document = parseTransformDocument(
    `responder: [{ extractor: http_res_body, ${BOTH} }, { extractor: http_res_body, transforms: [jwks] }]`,
    't.yaml',
  )
  const secrets = secretsWith(t, { 'a/key': key.export({ type: 'pkcs8', format: 'pem' }).toString() })
  return atOnce(compileTransforms(document, aSource(...pairs), { secrets, clock: () => 0 }))
}

async function bodyOf(transforms: CompiledTransforms, id: number): Promise<Record<string, string>> {
  const response = await transforms.responses.get(id)?.served(0, aRequest())
  return JSON.parse(Buffer.from(response?.body ?? '{}').toString()) as Record<string, string>
}

async function servedHash(transforms: CompiledTransforms): Promise<unknown> {
  return claimsOf(aJwt((await bodyOf(transforms, 1))['id_token'] ?? ''))['at_hash']
}

suite('tokens of a redacted recording', () => {
  test('are re-signed, and at_hash follows the access token beside', async (t) => {
    const access = token({ sub: 'a' })
    const login = { id_token: token({ at_hash: half(access) }), access_token: access }
    const transforms = compiled(t, own.privateKey, recorded(login, staging.publicKey))
    const served = await bodyOf(transforms, 1)
    for (const name of ['id_token', 'access_token']) {
      jsonwebtoken.verify(served[name] ?? '', own.publicKey, { clockTimestamp: 0 })
    }
    assert.equal(await servedHash(transforms), half(served['access_token'] ?? ''))
  })
  test('have the hash of the placeholder where the access token was opaque', async (t) => {
    const login = { id_token: token({ at_hash: half('opaque') }), access_token: 'opaque' }
    const transforms = compiled(t, own.privateKey, recorded(login))
    assert.equal((await bodyOf(transforms, 1))['access_token'], 'redacted-access_token-1')
    assert.equal(await servedHash(transforms), half('redacted-access_token-1'))
  })
  test('keep an at_hash that may belong to any of several', async (t) => {
    const [access, other] = [token({ sub: 'a' }), token({ sub: 'b' })]
    const login = { id_token: token({ at_hash: half(access) }), access_token: access, other }
    assert.equal(await servedHash(compiled(t, own.privateKey, recorded(login))), half(access))
  })
  test('tell a mounted key that signed them, and the JWKS stays as it was', (t) => {
    const transforms = compiled(
      t,
      staging.privateKey,
      recorded({ access_token: token({}) }, staging.publicKey),
    )
    assert.deepEqual(
      transforms.keys.map(({ matchesRecording }) => matchesRecording),
      [true],
    )
    assert.deepEqual([...transforms.responses.keys()], [1])
  })
  test('go by kid where nothing tells: the key takes the place of the recorded one', async (t) => {
    const login = { access_token: token({}, p256.privateKey, 'ES256') }
    const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const transforms = compiled(t, mine.privateKey, recorded(login, p256.publicKey))
    assert.deepEqual(
      transforms.keys.map(({ matchesRecording }) => matchesRecording),
      [undefined],
    )
    const { keys } = (await bodyOf(transforms, 2)) as unknown as {
      keys: readonly { x: string; kid: string }[]
    }
    assert.deepEqual(
      keys.map(({ kid, x }) => [kid, x]),
      [['k1', mine.publicKey.export({ format: 'jwk' }).x]],
    )
  })
  test('get the same document from scaffold as those of an unredacted one', () => {
    const login = { access_token: token({}), refresh_token: 'opaque' }
    const plain = [aPair({ id: 1, response: { body: JSON.stringify(login) } })]
    const names = { snapshot: 't', schemaPath: undefined }
    const redacted = recorded(login).slice(0, 1)
    assert.deepEqual(scaffold(aSource(...redacted), names), scaffold(aSource(...plain), names))
    assert.equal(scaffold(aSource(...redacted), names).chains, 1)
  })
})
