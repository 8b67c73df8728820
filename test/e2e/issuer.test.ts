import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'
import { reseal, resealServer, type ResealServer } from '../demo/reseal-process.ts'
import { startSut } from '../demo/sut.ts'

const ROOT = join(import.meta.dirname, '../..')

function workplace(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-issuer-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function served(
  t: TestContext,
  args: readonly string[],
  directory: string,
  listeners: number,
): Promise<ResealServer> {
  const server = await resealServer(args, directory, listeners)
  t.after(() => server.stop())
  return server
}

/** Accepts a token as a service would that knows only where the keys are. */
async function accepted(jwksUri: string, token: string, issuer: string): Promise<jsonwebtoken.JwtPayload> {
  const kid = jsonwebtoken.decode(token, { complete: true })?.header.kid
  const key = await new JwksClient({ jwksUri, cache: false }).getSigningKey(kid)
  const claims = jsonwebtoken.verify(token, key.getPublicKey(), { issuer })
  assert.ok(typeof claims === 'object')
  return claims
}

async function postJson(url: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  assert.ok(response.ok, `${url} → ${response.status} ${text}`)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

test('reseal issuer serves its URL as issuer, and the control API rotates its keys', async (t) => {
  const directory = workplace(t)
  const args = [
    'issuer',
    '--listen',
    '127.0.0.1:0',
    '--control',
    '127.0.0.1:0',
    '--lead',
    '0',
    '--alg',
    'ES256',
  ]
  const server = await served(t, args, directory, 2)
  const [url = '', control = ''] = server.urls
  const discovery = (await (await fetch(`${url}/.well-known/openid-configuration`)).json()) as Record<
    string,
    string
  >
  assert.equal(discovery['issuer'], url)
  const mint = async (): Promise<string> => String((await postJson(`${url}/auth`, { sub: 'a' }))['token'])
  const before = await mint()
  assert.equal((await accepted(discovery['jwks_uri'] ?? '', before, url)).sub, 'a')

  await postJson(`${control}/v1/issuers/main/rotate`, {})
  const after = await mint()
  const kidOf = (token: string): unknown => jsonwebtoken.decode(token, { complete: true })?.header.kid
  assert.notEqual(kidOf(after), kidOf(before))
  for (const token of [before, after]) await accepted(`${url}/jwks`, token, url)

  const { code, stderr } = await server.stop()
  assert.equal(code, 0)
  assert.match(stderr, /This is an issuer for tests/)
  assert.match(stderr, /key \S+ \(ES256\) signs from now on/)
})

test('an issuer beside a replay answers for the recorded one: recorded, fresh and wrong tokens meet one JWKS', async (t) => {
  const directory = workplace(t)
  for (const part of ['snapshots', 'transforms'])
    cpSync(join(ROOT, part), join(directory, part), { recursive: true })
  const tokens = await reseal(['tokens', 'demo', '--json'], directory)
  const [recorded] = JSON.parse(tokens.stdout) as { iss: string }[]
  const issuer = recorded?.iss ?? ''
  writeFileSync(
    join(directory, 'transforms', 'demo.yaml'),
    `version: 1
issuers:
  main: { issuer: "${issuer}", lead: 0 }
responder:
  - extractor: http_res_body
    transforms: [{ json_path: access_token }, { jwt_resign: { issuer: main } }]
`,
  )
  const server = await served(
    t,
    ['replay', 'demo', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'],
    directory,
    2,
  )
  const [url = '', control = ''] = server.urls
  const order = async (): Promise<number> => {
    const trust = { jwksUri: `${url}/jwks` }
    const sut = await startSut({ tokenUrl: `${url}/token`, inventory: url, issuer, trust })
    try {
      return (await fetch(`${sut.origin}/orders/apple`)).status
    } finally {
      await sut.stop()
    }
  }
  assert.equal(await order(), 200)
  await postJson(`${control}/v1/issuers/main/rotate`, {})
  assert.equal(await order(), 200)

  const fresh = String((await postJson(`${url}/auth`, { sub: 'fresh' }))['token'])
  assert.equal((await accepted(`${url}/jwks`, fresh, issuer)).sub, 'fresh')
  const wrong = await postJson(`${control}/v1/issuers/main/mint`, { tamper: 'wrongSignature' })
  await assert.rejects(accepted(`${url}/jwks`, String(wrong['token']), issuer), /invalid signature/)
})

test('issuers of the configuration are served each at its path, and mistakes are told with their place', async (t) => {
  const directory = workplace(t)
  const config = (text: string): void => writeFileSync(join(directory, 'reseal.yaml'), text)
  config(
    'issuers:\n  a: { issuer: "http://127.0.0.1/tenants/a" }\n  b: { issuer: "http://127.0.0.1/tenants/b", alg: ES256 }\n',
  )
  const server = await served(
    t,
    ['issuer', '--listen', '127.0.0.1:0', '--config', 'reseal.yaml'],
    directory,
    1,
  )
  for (const [name, alg] of [
    ['a', 'RS256'],
    ['b', 'ES256'],
  ] as const) {
    const answer = await fetch(`${server.urls[0]}/tenants/${name}/jwks`)
    const { keys } = (await answer.json()) as { keys: { alg: string }[] }
    assert.deepEqual(
      keys.map((key) => key.alg),
      [alg],
    )
  }

  config('issuers:\n  a:\n    alg: RS25\n')
  const { code, stderr } = await reseal(['issuer', '--config', 'reseal.yaml'], directory)
  assert.equal(code, 3)
  assert.match(stderr, /^error: reseal\.yaml:3:10: Issuer a does not fit: .*\n3 \|/)
})
