import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { reseal, resealServer } from '../demo/reseal-process.ts'
import { runScenario } from '../demo/scenario.ts'
import { startSut } from '../demo/sut.ts'

test('a service accepts replayed tokens that had expired, and refuses them when they are not re-signed', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-e2e-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const said: string[] = []
  const result = await runScenario(directory, (line) => said.push(line))

  const ordered = '{"ordered":{"sku":"apple","available":12}}'
  assert.deepEqual(result.recorded, { status: 200, body: ordered })
  assert.equal(result.recording.code, 0)
  assert.match(result.recording.stderr, /recorded 3 pairs, .*, 2 JWTs into snapshots\/demo\.db/)
  assert.deepEqual(result.withoutTransforms, { status: 502, body: '{"refused":"invalid signature"}' })
  assert.deepEqual(result.withTransforms, { status: 200, body: ordered })
  assert.deepEqual(result.pinned, { status: 200, body: ordered })
  assert.match(result.tokens, /response body +RS256 +staging-2026 .*expired \d+s ago/)
  assert.match(result.scaffold, /json_path: access_token/)
  assert.match(result.scaffold, /jwks: \{\}/)
  assert.ok(said.some((line) => line.includes('not the key that signed the recording')))

  const verified = await reseal(['verify', 'demo'], directory)
  assert.equal(verified.code, 0)
  assert.match(verified.stdout, /^demo: whole; 3 pairs/)
})

test('the example that ships is replayed: its token expired long ago, and a service accepts it', async (t) => {
  const root = join(import.meta.dirname, '../..')
  const directory = mkdtempSync(join(tmpdir(), 'reseal-example-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const part of ['snapshots', 'transforms'])
    cpSync(join(root, part), join(directory, part), { recursive: true })
  const { stdout } = await reseal(['tokens', 'demo', '--json'], directory)
  const [token] = JSON.parse(stdout) as { iss: string; exp: number }[]
  assert.ok(token !== undefined && token.exp < Date.now() / 1000)

  const server = await resealServer(['replay', 'demo', '--listen', '127.0.0.1:0'], directory)
  t.after(() => server.stop())
  const [url = ''] = server.urls
  const sut = await startSut({
    tokenUrl: `${url}/token`,
    inventory: url,
    issuer: token.iss,
    trust: { jwksUri: `${url}/jwks` },
  })
  t.after(() => sut.stop())
  const answer = await fetch(`${sut.origin}/orders/apple`)
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), '{"ordered":{"sku":"apple","available":12}}')
})
