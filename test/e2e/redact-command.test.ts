import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import type { RRPair } from '../../src/core/pair.ts'
import { readPairs } from '../../src/app/inspect.ts'
import { createSnapshot } from '../../src/store/snapshot-writer.ts'
import { reseal } from '../demo/reseal-process.ts'
import { aPair } from '../support/a-pair.ts'

const TOKEN = jsonwebtoken.sign({ sub: 'u' }, 's'.repeat(32))
const SIGNATURE = TOKEN.split('.')[2] ?? ''
const BASIC = Buffer.from('client:hush-hush').toString('base64')

const PAIRS: readonly RRPair[] = [
  aPair({
    id: 1,
    request: { headers: [['Authorization', `Basic ${BASIC}`]], body: 'client_secret=hush-hush' },
    response: { body: `{"access_token":"${TOKEN}","n":1}` },
  }),
  aPair({ id: 2, request: { target: '/nothing' } }),
  aPair({ id: 5, request: { headers: [['Cookie', 'theme=dark; sid=0123456789abcdef0123']] } }),
]

/** A directory with a snapshot `old` that was recorded with its secrets. */
async function recorded(t: TestContext): Promise<{ directory: string; file: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-redact-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'snapshots'))
  const file = join(directory, 'snapshots', 'old.db')
  const writer = await createSnapshot(file, { append: false, version: '0.0.1', clock: () => 12_345 })
  for (const pair of PAIRS) await writer.put(structuredClone(pair))
  await writer.note({ from: 1, to: 2, exchanges: 3, reason: 'disk full' })
  await writer.close()
  return { directory, file }
}

function assertFree(file: string): void {
  const bytes = readFileSync(file)
  for (const secret of [
    SIGNATURE,
    Buffer.from(SIGNATURE, 'base64url'),
    BASIC,
    'hush-hush',
    '0123456789abcdef0123',
  ]) {
    assert.equal(bytes.includes(secret), false)
  }
}

suite('reseal verify --secrets', () => {
  test('lists where a snapshot holds secrets, never the secrets, and exits 4', async (t) => {
    const { directory } = await recorded(t)
    const { code, stdout } = await reseal(['verify', 'old', '--secrets'], directory)
    assert.equal(code, 4)
    assert.deepEqual(stdout.split('\n').slice(2, -1), [
      'pair 1: request header Authorization holds basic',
      'pair 1: request body holds client_secret',
      'pair 1: response body holds signature HS256',
      'pair 5: request header Cookie holds cookie',
      '4 secrets that may still be used; take them out with: reseal redact old',
    ])
    assert.doesNotMatch(stdout, /hush|0123/)
    const json = await reseal(['verify', 'old', '--secrets', '--json'], directory)
    assert.equal(json.code, 4)
    assert.deepEqual((JSON.parse(json.stdout) as { secrets: unknown[] }).secrets[0], {
      pair: 1,
      where: 'request header Authorization',
      kind: 'basic',
    })
  })
  test('is content with a redacted one, and plain verify with both', async (t) => {
    const { directory } = await recorded(t)
    assert.equal((await reseal(['verify', 'old'], directory)).code, 0)
    assert.equal((await reseal(['redact', 'old'], directory)).code, 0)
    const { code, stdout } = await reseal(['verify', 'old', '--secrets'], directory)
    assert.equal(code, 0)
    assert.match(stdout, /no secret that could be used was found/)
  })
})

suite('reseal redact', () => {
  test('redacts in place: one file without secrets, everything else as it was', async (t) => {
    const { directory, file } = await recorded(t)
    const { code, stderr } = await reseal(['redact', 'old'], directory)
    assert.equal(code, 0)
    assert.match(stderr, /^redacted 2 of 3 pairs into snapshots\/old\.db$/m)
    assert.deepEqual(readdirSync(join(directory, 'snapshots')), ['old.db'])
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assertFree(file)
    const [first, second, third] = readPairs(join(directory, 'snapshots'), 'old', undefined)
    assert.deepEqual(second, aPair({ id: 2, request: { target: '/nothing' } }))
    assert.equal(third?.id, 5)
    assert.equal(
      Buffer.from(first?.response?.body ?? '').toString(),
      `{"access_token":"${TOKEN.replace(SIGNATURE, 'redacted-signature------------------------A')}","n":1}`,
    )
    const { stdout } = await reseal(['verify', 'old', '--json'], directory)
    assert.match(stdout, /disk full/)
  })
  test('writes another one where it is told to, and leaves the old one', async (t) => {
    const { directory, file } = await recorded(t)
    const before = readFileSync(file)
    assert.equal((await reseal(['redact', 'old', '--output', 'clean'], directory)).code, 0)
    assertFree(join(directory, 'snapshots', 'clean.db'))
    assert.deepEqual(readFileSync(file), before)
    const again = await reseal(['redact', 'old', '--output', 'clean'], directory)
    assert.equal(again.code, 3)
    assert.match(again.stderr, /clean\.db exists already/)
  })
  test('leaves a snapshot alone that is being recorded', async (t) => {
    const { directory, file } = await recorded(t)
    const writer = await createSnapshot(file, { append: true, version: '0.0.1' })
    const { code, stderr } = await reseal(['redact', 'old'], directory)
    await writer.close()
    assert.equal(code, 3)
    assert.match(stderr, /being recorded by another reseal/)
    assert.ok(existsSync(file))
  })
  test('goes by redact: of the transform document, and keeps signatures when told to', async (t) => {
    const { directory, file } = await recorded(t)
    assert.equal((await reseal(['redact', 'old', '--keep-signatures'], directory)).code, 0)
    assert.ok(readFileSync(file).includes(SIGNATURE))
    assert.equal(readFileSync(file).includes('hush-hush'), false)
  })
})

test('redact says what it left because it was told to', async (t) => {
  const { directory } = await recorded(t)
  mkdirSync(join(directory, 'config'))
  writeFileSync(join(directory, 'config/reseal.yaml'), 'redact: off\n')
  const off = await reseal(['redact', 'old'], directory)
  assert.equal(
    off.stderr,
    'redacted 0 of 3 pairs into snapshots/old.db\n' +
      '4 secrets that may still be used stayed, since --keep-signatures or redact: in a file says so\n',
  )
  rmSync(join(directory, 'config'), { recursive: true })
  const all = await reseal(['redact', 'old'], directory)
  assert.equal(all.stderr, 'redacted 2 of 3 pairs into snapshots/old.db\n')
})
