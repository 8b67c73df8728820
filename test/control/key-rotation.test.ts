import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { createRemoteJWKSet, decodeProtectedHeader, exportJWK, importPKCS8, jwtVerify, SignJWT } from 'jose'
import { aReplay, type ControlledTestReplay } from './support/a-replay.ts'

const ISSUER = 'https://idp.example.com'

function aKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

interface Rotation {
  readonly replay: ControlledTestReplay
  /** Puts a key into the mounted file and has it loaded. */
  readonly mount: (pem: string) => Promise<void>
  readonly login: () => Promise<string>
  readonly kids: () => Promise<readonly (string | undefined)[]>
  /** Lets time pass for the replay. */
  readonly pass: (seconds: number) => void
  /** Verifies a token as a client does that has seen no JWKS yet. */
  readonly verify: (token: string) => Promise<string | undefined>
}

/** A replay of a recorded login and JWKS, its `jwt_resign` with a mounted key. @param options of the step */
async function aRotation(t: TestContext, options = '', published = true): Promise<Rotation> {
  const recorded = await importPKCS8(aKey(), 'ES256', { extractable: true })
  const { kty, crv, x, y } = await exportJWK(recorded)
  const token = await new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(recorded)
  let aheadMs = 0
  const replay = await aReplay(t, {
    clock: () => Date.now() + aheadMs,
    pairs: [
      { request: { target: '/login' }, response: { body: JSON.stringify({ access_token: token }) } },
      {
        request: { target: '/jwks' },
        response: { body: JSON.stringify({ keys: [{ kty, crv, x, y, kid: 'k1', use: 'sig' }] }) },
      },
    ],
  })
  const step = `jwt_resign: { secretPath: tls.key${options} }`
  writeFileSync(
    replay.transformsFile,
    `responder:
  - { filters: { path: /login }, extractor: http_res_body, transforms: [json_path: access_token, ${step}] }
${published ? '  - { filters: { path: /jwks }, extractor: http_res_body, transforms: [jwks] }' : ''}
`,
  )
  const mount = async (pem: string): Promise<void> => {
    writeFileSync(join(replay.directory, 'secrets', 'tls.key'), pem)
    const { status, text } = await replay.ask('POST', '/v1/reload')
    assert.equal(status, 200, text)
  }
  const json = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${replay.url}${path}`)).json()) as Record<string, unknown>
  return {
    replay,
    mount,
    pass: (seconds) => {
      aheadMs += seconds * 1000
    },
    login: async () => String((await json('/login'))['access_token']),
    kids: async () => ((await json('/jwks'))['keys'] as { kid?: string }[]).map(({ kid }) => kid),
    verify: async (signed) => {
      const { payload } = await jwtVerify(signed, createRemoteJWKSet(new URL(`${replay.url}/jwks`)), {
        issuer: ISSUER,
      })
      return payload.sub
    },
  }
}

suite('a mounted key that is replaced while serving', () => {
  test('stays in the JWKS under its kid for the transition, and the new one has a kid of its own', async (t) => {
    const { mount, login, kids, verify } = await aRotation(t)
    await mount(aKey())
    const before = await login()
    assert.equal(decodeProtectedHeader(before).kid, 'k1')
    assert.deepEqual(await kids(), ['k1'])

    await mount(aKey())
    const after = await login()
    const { kid } = decodeProtectedHeader(after)
    assert.notEqual(kid, 'k1')
    assert.deepEqual(await kids(), [kid, 'k1'])
    assert.deepEqual([await verify(before), await verify(after)], ['ada', 'ada'])
  })

  test('is met by a client that has the JWKS of before', async (t) => {
    const { replay, mount, login } = await aRotation(t)
    await mount(aKey())
    const known = createRemoteJWKSet(new URL(`${replay.url}/jwks`), { cooldownDuration: 0 })
    await jwtVerify(await login(), known)
    await mount(aKey())
    assert.equal((await jwtVerify(await login(), known)).payload.sub, 'ada')
  })

  test('is gone once its transition is over, and has its kid again when it comes back', async (t) => {
    const { mount, login, kids, verify, pass } = await aRotation(t, ', transition: 10m')
    const [first, second] = [aKey(), aKey()]
    await mount(first)
    const old = await login()
    await mount(second)
    assert.equal((await kids()).length, 2)
    pass(9 * 60)
    assert.equal((await kids()).length, 2)
    pass(61)
    assert.equal((await kids()).length, 1)
    await assert.rejects(verify(old), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    assert.equal(await verify(await login()), 'ada')

    await mount(first)
    assert.equal(decodeProtectedHeader(await login()).kid, 'k1')
    assert.deepEqual([await verify(old), (await kids()).length], ['ada', 2])
  })

  test('is not published beside another key of its kid, which kid: keep asks for', async (t) => {
    const { mount, login, kids, verify } = await aRotation(t, ', kid: keep')
    await mount(aKey())
    await mount(aKey())
    assert.deepEqual(await kids(), ['k1'])
    assert.equal(await verify(await login()), 'ada')
  })

  test('gives its kid to the new one where no JWKS of the replay has it: clients are configured with keys by kid', async (t) => {
    const { mount, login } = await aRotation(t, '', false)
    await mount(aKey())
    await mount(aKey())
    assert.equal(decodeProtectedHeader(await login()).kid, 'k1')
  })

  test('of many, the last eight are published', async (t) => {
    const { mount, kids } = await aRotation(t)
    for (let times = 0; times < 11; times += 1) await mount(aKey())
    assert.equal((await kids()).length, 9)
  })
})
