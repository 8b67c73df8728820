import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { aKey, aRing, BEGIN, joseAccepts, statesAt, tokenAt } from './support/a-ring.ts'
import { asNobody } from './support/as-nobody.ts'
import { secretsWith } from './support/secrets-directory.ts'

suite('a ring with a directory', () => {
  test('goes on after a restart with the same keys at the same times', async (context) => {
    const directory = join(secretsWith(context, {}).directory, 'not/yet/there')
    const ring = await aRing({ directory })
    await ring.rotate(BEGIN + 10)
    const token = await tokenAt(ring, BEGIN + 10)
    const again = await aRing({ directory, now: BEGIN + 300 })
    const facts = (one: typeof ring): unknown => one.keys(BEGIN + 700).map(({ key: _key, ...rest }) => rest)
    assert.deepEqual(facts(again), facts(ring))
    assert.equal(again.jwksText(BEGIN + 700), ring.jwksText(BEGIN + 700))
    assert.equal(await joseAccepts(again, BEGIN + 700, token), true)
    assert.equal(await joseAccepts(ring, BEGIN + 700, await tokenAt(again, BEGIN + 700)), true)
  })

  test('keeps one private JWK a key, for its owner alone', async (context) => {
    const directory = join(secretsWith(context, {}).directory, 'ring')
    const ring = await aRing({ directory })
    const { kid } = ring.signer(BEGIN)
    assert.deepEqual(readdirSync(directory), ['ES256-1.jwk.json'])
    assert.equal(statSync(join(directory, 'ES256-1.jwk.json')).mode & 0o777, 0o600)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    const { d, x, y, ...rest } = membersOf(directory, 'ES256-1.jwk.json')
    assert.deepEqual(
      [d, x, y].map((value) => typeof value),
      ['string', 'string', 'string'],
    )
    assert.deepEqual(rest, {
      kty: 'EC',
      crv: 'P-256',
      kid,
      alg: 'ES256',
      use: 'sig',
      reseal: { publishedAt: BEGIN, activeAt: BEGIN },
    })
  })

  test('remembers what was expired and hastened by call', async (context) => {
    const { directory } = secretsWith(context, {})
    const ring = await aRing({ directory })
    const old = ring.signer(BEGIN).kid
    await ring.rotate(BEGIN)
    ring.expire(old, BEGIN + 10)
    assert.equal(statSync(join(directory, 'ES256-1.jwk.json')).mode & 0o777, 0o600)
    const again = await aRing({ directory, now: BEGIN + 20 })
    assert.equal(statesAt(again, BEGIN + 20), 'expired active')
    assert.equal(again.signer(BEGIN + 20, { expired: true }).kid, old)
  })

  test('does not tell after a restart what happened before it, and does what has become due', async (context) => {
    const { directory } = secretsWith(context, {})
    await (await aRing({ directory, rotateEverySeconds: 1000 })).tick(BEGIN + 400)
    const now = BEGIN + 5000
    const ring = await aRing({ directory, rotateEverySeconds: 1000, now })
    const told: string[] = []
    ring.onChange(({ event, at }) => told.push(`${event} ${at - BEGIN}`))
    assert.equal(statesAt(ring, now), 'expired active')
    assert.ok((ring.dueAt ?? Infinity) <= now)
    await ring.tick(now)
    assert.deepEqual(told, ['published 5000'])
  })

  test('deletes the files of keys that expired long ago', async (context) => {
    const { directory } = secretsWith(context, {})
    const ring = await aRing({ directory, keepExpired: 1, transitionSeconds: 0 })
    for (const at of [1, 2, 3]) await ring.rotate(BEGIN + at, { leadSeconds: 0 })
    assert.deepEqual(readdirSync(directory).toSorted(), ['ES256-3.jwk.json', 'ES256-4.jwk.json'])
  })

  test('keeps HMAC secrets as well', async (context) => {
    const { directory } = secretsWith(context, {})
    const token = await tokenAt(await aRing({ algs: ['HS256'], directory }), BEGIN)
    const again = await aRing({ algs: ['HS256'], directory })
    assert.equal(await tokenAt(again, BEGIN), token)
  })

  test('passes over files that are not its own, drafts of a crash among them', async (context) => {
    const { directory } = secretsWith(context, {
      '.0123456789abcdef.draft': '{"kty":',
      'README.md': 'x',
      'RS256-1.jwk.json.bak': '{',
      'ES256-01.jwk.json': '{',
    })
    assert.equal(statesAt(await aRing({ directory }), BEGIN), 'active')
    assert.ok(readdirSync(directory).includes('ES256-1.jwk.json'))
  })
})

suite('mounted keys of a ring with a directory', () => {
  test('leave only their times there', async (context) => {
    const { directory } = secretsWith(context, {})
    const key = aKey('ES256', 'main')
    await aRing({ directory, keys: [key] })
    assert.deepEqual(membersOf(directory, 'ES256-1.jwk.json'), {
      kid: 'main',
      alg: 'ES256',
      reseal: { publishedAt: BEGIN, activeAt: BEGIN, mounted: key.thumbprint },
    })
  })

  test('do not take back the signing from a key that came after them', async (context) => {
    const { directory } = secretsWith(context, {})
    const key = aKey()
    const { kid } = await (await aRing({ directory, keys: [key] })).rotate(BEGIN, { leadSeconds: 0 })
    const again = await aRing({ directory, keys: [key], now: BEGIN + 10 })
    assert.equal(again.signer(BEGIN + 10).kid, kid)
    assert.equal(statesAt(again, BEGIN + 10), 'retiring active')
  })

  test('join as next key, with the lead, when the file changed while reseal was down', async (context) => {
    const { directory } = secretsWith(context, {})
    await aRing({ directory })
    const key = aKey()
    const again = await aRing({ directory, keys: [key], now: BEGIN + 10 })
    assert.equal(statesAt(again, BEGIN + 10), 'active next')
    assert.equal(again.signer(BEGIN + 610).kid, key.thumbprint)
  })

  test('never get the name of a key that is gone', async (context) => {
    const { directory } = secretsWith(context, {})
    await aRing({ directory, keys: [aKey('ES256', 'main')] })
    const other = aKey('ES256', 'main')
    const again = await aRing({ directory, keys: [other] })
    assert.equal(again.signer(BEGIN).kid, other.thumbprint)
  })
})

suite('two processes with one directory', () => {
  test('that begin at the same moment end up with the same key', async (context) => {
    const { directory } = secretsWith(context, {})
    const found = await Promise.all(startTogether([0, 0, 0, 0], directory))
    assert.equal(new Set(found.map(({ first }) => first)).size, 1)
    assert.deepEqual(readdirSync(directory), ['ES256-1.jwk.json'])
  })

  test('that rotate at the same moment corrupt nothing, and agree in the end', async (context) => {
    const { directory } = secretsWith(context, {})
    await Promise.all(startTogether([8, 8, 8], directory))
    for (const name of readdirSync(directory)) assert.match(name, /^ES256-\d+\.jwk\.json$/)
    const [one, two] = [await aRing({ directory }), await aRing({ directory })]
    const later = BEGIN + 10_000
    assert.equal(one.jwksText(later), two.jwksText(later))
    assert.equal(await joseAccepts(one, later, await tokenAt(two, later)), true)
  })

  test('learn of one another’s rotations at the next tick', async (context) => {
    const { directory } = secretsWith(context, {})
    const [one, two] = [await aRing({ directory }), await aRing({ directory })]
    const { kid } = await one.rotate(BEGIN)
    assert.equal(statesAt(two, BEGIN), 'active')
    await two.tick(BEGIN)
    assert.equal(two.jwksText(BEGIN), one.jwksText(BEGIN))
    two.expire(kid, BEGIN + 1)
    await one.tick(BEGIN + 1)
    assert.equal(statesAt(one, BEGIN + 1), 'active expired')
  })

  test('that make the successor of one key make one between them', async (context) => {
    const { directory } = secretsWith(context, {})
    const options = { directory, rotateEverySeconds: 1000 }
    const [one, two] = [await aRing(options), await aRing(options)]
    await Promise.all([one.tick(BEGIN + 400), two.tick(BEGIN + 400)])
    assert.equal(one.jwksText(BEGIN + 400), two.jwksText(BEGIN + 400))
    assert.equal(statesAt(one, BEGIN + 400), 'active next')
  })
})

suite('a directory that cannot be used', () => {
  test('is refused with the name of the damaged file, and nothing of the key', async (context) => {
    const { directory } = secretsWith(context, {})
    await aRing({ directory })
    const path = join(directory, 'ES256-1.jwk.json')
    const text = readFileSync(path, 'utf8')
    const damages = [
      [
        text.slice(0, 50),
        'The key file "ES256-1.jwk.json" is JSON, but neither a JWK, a JWK Set nor a JSON text with a PEM key in it.',
      ],
      [
        text.replace('"reseal"', '"other"'),
        'The key file "ES256-1.jwk.json" does not say when its key is used.',
      ],
      [
        text.replace('"x"', '"z"'),
        'The key file "ES256-1.jwk.json" holds a JWK that is incomplete or wrong.',
      ],
      [
        text.replace('"ES256"', '"RS256"'),
        'The key file "ES256-1.jwk.json" holds a JWK that is incomplete or wrong.',
      ],
    ] as const
    for (const [damaged, message] of damages) {
      writeFileSync(path, damaged)
      await assert.rejects(aRing({ directory }), { code: 'KEY_INVALID', message })
    }
  })

  test('is refused when it is a file', async (context) => {
    const { directory } = secretsWith(context, { file: 'x' })
    await assert.rejects(aRing({ directory: join(directory, 'file') }), {
      code: 'SECRET_UNREADABLE',
      message: `The key directory ${join(directory, 'file')} cannot be listed (ENOTDIR).`,
    })
  })

  test('lets no rotation happen that a restart would forget', async (context) => {
    const { directory } = secretsWith(context, {})
    const ring = await aRing({ directory })
    rmSync(directory, { recursive: true })
    writeFileSync(directory, '')
    await assert.rejects(ring.rotate(BEGIN), { code: 'SECRET_UNREADABLE' })
    assert.equal(statesAt(ring, BEGIN), 'active')
    rmSync(directory)
    await ring.rotate(BEGIN)
    assert.equal(statesAt(ring, BEGIN), 'active next')
  })

  test('that is read-only is told so', async (context) => {
    const { directory } = secretsWith(context, {})
    chmodSync(directory, 0o555)
    await asNobody(() =>
      assert.rejects(aRing({ directory }), {
        code: 'SECRET_UNWRITABLE',
        message: `A key could not be kept in ${directory}.`,
      }),
    )
  })
})

function membersOf(directory: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(directory, name), 'utf8')) as Record<string, unknown>
}

interface ProcessFound {
  readonly first: string
  readonly kids: readonly string[]
}

/** Starts a process for each number of rotations, and lets them run once all are up. */
function startTogether(rotations: readonly number[], directory: string): readonly Promise<ProcessFound>[] {
  const program = join(import.meta.dirname, 'support/ring-process.ts')
  const children = rotations.map((count) =>
    spawn(process.execPath, [program, directory, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  for (const child of children) child.stdin.write('go\n')
  return children.map(async (child) => {
    const chunks: Buffer[] = []
    for await (const chunk of child.stdout) chunks.push(Buffer.from(chunk as Uint8Array))
    return JSON.parse(Buffer.concat(chunks).toString()) as ProcessFound
  })
}
