import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { ResealError } from '../../src/core/errors.ts'
import { createKeyRing, type KeyRing } from '../../src/keys/ring/key-ring.ts'
import { watchMountedKey, type MountedKeyWatcher } from '../../src/keys/ring/mounted-ring.ts'
import { mountedRingKeys } from '../../src/keys/ring/mounted-ring-keys.ts'
import { openSecrets } from '../../src/keys/files/secrets.ts'
import { BEGIN, statesAt } from './support/a-ring.ts'
import { secretsWith } from './support/secrets-directory.ts'

const NEVER_MS = 2 ** 31 - 1

suite('the keys of a mounted file', () => {
  test('sign the alg that fits them best, unless the ring names one', (context) => {
    const secrets = secretsWith(context, {
      'p256.pem': pem('P-256'),
      'rsa.pem': rsaPem(),
      hmac: 'x'.repeat(48),
    })
    const algsOf = (secretPath: string): unknown =>
      mountedRingKeys(secrets, { secretPath }).keys.map(({ alg }) => alg)
    assert.deepEqual(['p256.pem', 'rsa.pem', 'hmac'].map(algsOf), [['ES256'], ['RS256'], ['HS384']])
    const { keys } = mountedRingKeys(secrets, { secretPath: 'rsa.pem', algs: ['ES256', 'RS256', 'PS256'] })
    assert.deepEqual(
      keys.map(({ alg, source }) => `${alg} ${source}`),
      ['RS256 rsa.pem (RSA 2048)', 'PS256 rsa.pem (RSA 2048)'],
    )
  })

  test('of a JWK Set keep their kid, alg and order', (context) => {
    const jwks = { keys: [jwk('P-256', { kid: 'b' }), jwk('P-256', { kid: 'a', alg: 'ES256' })] }
    const secrets = secretsWith(context, { 'jwks.json': JSON.stringify(jwks) })
    const { keys } = mountedRingKeys(secrets, { secretPath: 'jwks.json', algs: ['ES256'] })
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ['b', 'a'],
    )
  })

  test('that fit no alg of the ring are refused by name', (context) => {
    const secrets = secretsWith(context, { 'p256.pem': pem('P-256') })
    assert.throws(() => mountedRingKeys(secrets, { secretPath: 'p256.pem', algs: ['RS256'] }), {
      code: 'KEY_UNFIT',
      message: 'The key p256.pem (P-256) cannot sign RS256, which takes an RSA key.',
    })
  })
})

suite('a mounted file that is watched', () => {
  test('rotates the ring, with its lead, when another is renamed into its place', async (context) => {
    const { directory, ring, published } = await watched(context, { 'tls.key': pem('P-256') })
    const next = published()
    writeFileSync(join(directory, '.tls.key.new'), pem('P-256'))
    renameSync(join(directory, '.tls.key.new'), join(directory, 'tls.key'))
    assert.equal(await next, 'next')
    assert.equal(statesAt(ring, BEGIN), 'active next')
    assert.equal(statesAt(ring, BEGIN + 600), 'retiring active')
  })

  test('rotates the ring when it is written in place', async (context) => {
    const { directory, published } = await watched(context, { 'tls.key': pem('P-256') })
    const next = published()
    writeFileSync(join(directory, 'tls.key'), pem('P-256'))
    assert.equal(await next, 'next')
  })

  test('rotates the ring when Kubernetes swaps the ..data link', async (context) => {
    const { directory, published } = await watched(
      context,
      { '..2026_01/tls.key': pem('P-256') },
      (directory) => {
        symlinkSync('..2026_01', join(directory, '..data'))
        symlinkSync('..data/tls.key', join(directory, 'tls.key'))
      },
    )
    const next = published()
    mkdirSync(join(directory, '..2026_02'))
    writeFileSync(join(directory, '..2026_02/tls.key'), pem('P-256'))
    symlinkSync('..2026_02', join(directory, '..data_tmp'))
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
    rmSync(join(directory, '..2026_01'), { recursive: true })
    assert.equal(await next, 'next')
  })

  test('that becomes unusable is told once, and the ring keeps its key until a good one comes', async (context) => {
    const { directory, ring, refusals, watcher, published } = await watched(context, {
      'tls.key': pem('P-256'),
    })
    const path = join(directory, 'tls.key')
    const before = ring.jwksText(BEGIN)
    writeFileSync(path, '-----BEGIN PRIVATE KEY-----\nMIG')
    for (let turn = 0; turn < 3; turn += 1) await watcher.look()
    writeFileSync(path, pem('P-384'))
    await watcher.look()
    rmSync(path)
    await watcher.look()
    assert.deepEqual(
      refusals.map((error) => (error instanceof ResealError ? `${error.code} ${error.message}` : error)),
      [
        'KEY_INVALID The key file "tls.key" is a damaged PEM file.',
        'KEY_UNFIT The key tls.key (P-384) cannot sign ES256, which takes a P-256 key.',
        `SECRET_MISSING There is no secret "tls.key": looked for ${path}.`,
      ],
    )
    assert.equal(ring.jwksText(BEGIN), before)
    const next = published()
    writeFileSync(path, pem('P-256'))
    assert.equal(await next, 'next')
  })

  test('that is touched, or written in another form, changes nothing', async (context) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { directory, ring, refusals, watcher } = await watched(context, {
      'tls.key': privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    })
    writeFileSync(join(directory, 'tls.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
    await watcher.look()
    writeFileSync(join(directory, 'tls.key'), privateKey.export({ format: 'pem', type: 'sec1' }))
    await watcher.look()
    assert.equal(statesAt(ring, BEGIN), 'active')
    assert.deepEqual(refusals, [])
  })

  test('that goes back to the old key has that one sign again', async (context) => {
    const [one, two] = [pem('P-256'), pem('P-256')]
    const { directory, ring, watcher } = await watched(context, { 'tls.key': one })
    const { kid } = ring.signer(BEGIN)
    for (const text of [two, one]) {
      writeFileSync(join(directory, 'tls.key'), text)
      await watcher.look()
    }
    assert.equal(ring.signer(BEGIN + 700).kid, kid)
    assert.equal(statesAt(ring, BEGIN + 700), 'active expired')
  })

  test('is found by polling where nobody tells, as after its directory was made anew', async (context) => {
    const { root, directory, published } = await watched(context, { 'tls.key': pem('P-256') }, undefined, {
      pollMs: 20,
      settleMs: NEVER_MS,
    })
    const next = published()
    renameSync(directory, join(root, 'old'))
    mkdirSync(directory)
    writeFileSync(join(directory, 'tls.key'), pem('P-256'))
    assert.equal(await next, 'next')
  })

  test('is watched in the directory that is there now, when that was made anew', async (context) => {
    const { root, directory, watcher, published } = await watched(context, { 'tls.key': pem('P-256') })
    renameSync(directory, join(root, 'old'))
    mkdirSync(directory)
    await watcher.look()
    // The renaming itself is an event, and may be what the first of the two is found by.
    for (let turn = 0; turn < 2; turn += 1) {
      const next = published()
      writeFileSync(join(directory, 'tls.key'), pem('P-256'))
      assert.equal(await next, 'next')
    }
  })

  test('that is unusable in the same way again, after it was good, is told again', async (context) => {
    const good = pem('P-256')
    const { directory, refusals, watcher } = await watched(context, { 'tls.key': good })
    for (const text of ['-----BEGIN', good, '-----BEGIN']) {
      writeFileSync(join(directory, 'tls.key'), text)
      await watcher.look()
    }
    assert.equal(refusals.length, 2)
  })

  test('that is no longer watched changes nothing', async (context) => {
    const { directory, ring, watcher } = await watched(context, { 'tls.key': pem('P-256') })
    watcher.close()
    writeFileSync(join(directory, 'tls.key'), pem('P-256'))
    await watcher.look()
    assert.equal(statesAt(ring, BEGIN), 'active')
  })
})

interface Watched {
  readonly root: string
  /** The directory of the file. */
  readonly directory: string
  readonly ring: KeyRing
  readonly watcher: MountedKeyWatcher
  readonly refusals: readonly unknown[]
  /** Resolves with the state of the next key that is published. */
  published(): Promise<string>
}

/** A ring that follows `mount/tls.key` among these files. */
async function watched(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  link: (directory: string) => void = () => undefined,
  times: { readonly settleMs?: number; readonly pollMs?: number } = { settleMs: 5, pollMs: NEVER_MS },
): Promise<Watched> {
  const below = Object.fromEntries(Object.entries(files).map(([name, text]) => [`mount/${name}`, text]))
  const root = secretsWith(context, below).directory
  const directory = join(root, 'mount')
  link(directory)
  const secrets = openSecrets(directory)
  const mounted = { secretPath: 'tls.key' }
  const { keys, content } = mountedRingKeys(secrets, mounted)
  const ring = await createKeyRing({ now: BEGIN, keys })
  const refusals: unknown[] = []
  const watcher = watchMountedKey({
    ring,
    secrets,
    mounted,
    content,
    clock: () => BEGIN * 1000,
    onRefused: (error) => refusals.push(error),
    ...times,
  })
  context.after(() => watcher.close())
  const published = (): Promise<string> =>
    new Promise((resolve) => {
      ring.onChange(({ event, state }) => {
        if (event === 'published') resolve(state)
      })
    })
  return { root, directory, ring, watcher, refusals, published }
}

function pem(namedCurve: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function rsaPem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function jwk(namedCurve: string, members: Readonly<Record<string, string>>): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })
  return { ...privateKey.export({ format: 'jwk' }), ...members }
}
