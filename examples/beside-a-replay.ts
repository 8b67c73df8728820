import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
// Outside this checkout: import { replay } from 'reseal'
import { replay } from '../src/index.ts'

/** The `iss` of the recorded tokens; `reseal tokens demo` lists it. */
const RECORDED_ISSUER = 'http://127.0.0.1:34043'

const TRANSFORMS = `version: 1
issuers:
  main: { issuer: "${RECORDED_ISSUER}", audience: "urn:inventory" }
responder:
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_resign: { issuer: main } }]
`

/** Recorded tokens, fresh ones and wrong ones, from one listener, which one JWKS is to tell apart. */
export async function besideAReplay(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-example-'))
  const transformsFile = join(directory, 'demo.yaml')
  writeFileSync(transformsFile, TRANSFORMS)
  const replaying = await replay({
    snapshot: 'demo',
    snapshotsDirectory: join(import.meta.dirname, '../snapshots'),
    transformsFile,
    transformsRequired: true,
    secretsDirectory: join(directory, 'secrets'),
    issuers: undefined, // those of the transform document are enough
    routes: [{ listen: '127.0.0.1:0', target: undefined }],
    control: undefined,
    clock: () => Date.now(),
    cacheBytes: 64 * 1024 * 1024,
    onHit: () => {},
    onMiss: () => {},
    onLog: () => {},
    onError: assert.ifError,
  })
  try {
    const [url = ''] = replaying.urls
    const service = createRemoteJWKSet(new URL(`${url}/jwks`))
    const expected = { issuer: RECORDED_ISSUER, audience: 'urn:inventory', typ: 'at+jwt' }

    const recorded = await jwtVerify(await recordedToken(url), service, expected)
    assert.equal(recorded.payload.sub, 'orders', 'as recorded, but for its times')

    const provider = replaying.issuers[0]?.issuer ?? assert.fail('the transform document has an issuer')
    const fresh = await jwtVerify(await provider.mint({ user: 'somebody-new' }), service, expected)
    assert.equal(fresh.payload.sub, 'somebody-new')

    const wrong = await provider.mint({ tamper: 'wrongSignature' })
    await assert.rejects(jwtVerify(wrong, service, expected), {
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  } finally {
    await replaying.stop()
    rmSync(directory, { recursive: true })
  }
}

/** The request as it was recorded, which the recording answers, though the issuer has a token endpoint too. */
async function recordedToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'orders',
      client_secret: 'orders-secret-of-staging',
      scope: 'inventory:read',
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}

if (import.meta.main) await besideAReplay()
