import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSecrets } from '../../src/keys/files/secrets.ts'
import { listenerIdentity } from '../../src/keys/tls/listener-identity.ts'

test('openssl takes the certificate for localhost, its addresses and the listener’s own host, and for nothing else', async (t) => {
  const directory = secretsDirectory(t)
  const { cert, authorityFile } = await listenerIdentity(openSecrets(directory), [
    'api.test',
    '0.0.0.0',
    '10.1.2.3',
  ])
  const file = join(directory, 'leaf.crt')
  writeFileSync(file, cert)
  const verify = (...flags: string[]): string =>
    execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      authorityFile,
      ...flags,
      file,
    ]).toString()
  for (const name of ['localhost', 'api.test']) assert.match(verify('-verify_hostname', name), /: OK/)
  for (const ip of ['127.0.0.1', '::1', '10.1.2.3']) assert.match(verify('-verify_ip', ip), /: OK/)
  const { subjectAltName } = new X509Certificate(cert)
  assert.equal(
    subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:api.test, IP Address:10.1.2.3',
  )
})

test('the authority is made once and kept for its owner alone, a listener’s key is kept nowhere', async (t) => {
  const directory = secretsDirectory(t)
  const first = await listenerIdentity(openSecrets(directory), [])
  const kept = readFileSync(first.authorityFile, 'latin1')
  const second = await listenerIdentity(openSecrets(directory), [])
  assert.equal(readFileSync(second.authorityFile, 'latin1'), kept)
  assert.notEqual(second.cert, first.cert)
  const authority = new X509Certificate(kept)
  for (const { cert } of [first, second]) assert.ok(new X509Certificate(cert).verify(authority.publicKey))
  assert.ok(authority.ca)
  for (const name of ['ca.crt', 'ca.key']) {
    assert.equal(statSync(join(directory, 'generated/tls', name)).mode & 0o777, 0o600)
  }
  assert.ok(!readFileSync(join(directory, 'generated/tls/ca.key'), 'latin1').includes(first.key))
})

test('listeners that open at once share one authority', async (t) => {
  const directory = secretsDirectory(t)
  const made = await Promise.all([1, 2, 3, 4].map(() => listenerIdentity(openSecrets(directory), [])))
  const authority = new X509Certificate(readFileSync(made[0]?.authorityFile ?? ''))
  for (const { cert } of made) assert.ok(new X509Certificate(cert).verify(authority.publicKey))
})

function secretsDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-tls-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
