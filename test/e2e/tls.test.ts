import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { reseal, resealServer } from '../demo/reseal-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const FIXTURES = join(ROOT, 'test/fixtures/tls')

test('replay --tls says what to trust, and a client that trusts it gets its answer', async (t) => {
  const cwd = workplace(t)
  const server = await resealServer(['replay', 'demo', '--tls', '--listen', '127.0.0.1:0'], cwd)
  const [url = ''] = server.urls
  assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const authority = join(cwd, 'secrets/generated/tls/ca.crt')
  assert.equal(await statusOf(url, readFileSync(authority)), 404)
  await assert.rejects(statusOf(url, undefined), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  const { code, stderr } = await server.stop()
  assert.equal(code, 0)
  assert.ok(
    stderr.includes(
      `clients trust the listeners with SSL_CERT_FILE=${authority} or NODE_EXTRA_CA_CERTS=${authority}\nreseal ready replay`,
    ),
  )
})

test('record takes a certificate of one’s own, and says what is wrong with half of one', async (t) => {
  const cwd = workplace(t)
  const identity = [
    '--tls-cert',
    join(FIXTURES, 'localhost.crt'),
    '--tls-key',
    join(FIXTURES, 'localhost.key'),
  ]
  const command = ['record', 'mine', '--target', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0']
  const server = await resealServer([...command, ...identity], cwd)
  const status = await statusOf(server.urls[0] ?? '', readFileSync(join(FIXTURES, 'localhost.crt')))
  assert.equal(status, 502)
  const { stderr } = await server.stop()
  assert.doesNotMatch(stderr, /clients trust/)
  const half = await reseal([...command, ...identity.slice(0, 2)], cwd)
  assert.deepEqual(
    [half.code, half.stderr],
    [2, 'error: There is --tls-cert and no --tls-key\nhint: Add --tls-key FILE.\n'],
  )
  const swapped = await reseal(
    [
      ...command,
      '--append',
      '--tls-cert',
      join(FIXTURES, 'localhost.key'),
      '--tls-key',
      join(FIXTURES, 'localhost.key'),
    ],
    cwd,
  )
  assert.equal(swapped.code, 5)
  assert.match(
    swapped.stderr,
    /^error: The files .* make no TLS identity: .*\nhint: Name a PEM certificate chain/,
  )
})

function workplace(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-tls-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const part of ['snapshots', 'transforms']) {
    cpSync(join(ROOT, part), join(directory, part), { recursive: true })
  }
  return directory
}

function statusOf(url: string, ca: Buffer | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, ca === undefined ? {} : { ca }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).once('error', reject)
  })
}
