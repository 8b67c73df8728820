import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import {
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import jsonwebtoken from 'jsonwebtoken'
import { recorded } from '../store/snapshot-directory.ts'
import { aReplay, numbered, type ControlledTestReplay } from './support/a-replay.ts'

const ITEMS = { request: { target: '/items' }, response: { body: '[1]' } }
const IGNORES_TS = 'match: { ignore: { query: [ts] } }\n'

suite('a transform document that changes', () => {
  test('is served from then on when it is renamed into place, written anew, or emptied first', async (t) => {
    const replay = await aReplay(t, { watch: true, pairs: [ITEMS], document: '' })
    const asked = async (): Promise<number> => (await fetch(`${replay.url}/items?ts=1`)).status
    assert.equal(await asked(), 404)

    writeFileSync(`${replay.transformsFile}.new`, IGNORES_TS)
    renameSync(`${replay.transformsFile}.new`, replay.transformsFile)
    await revision(replay, 2)
    assert.equal(await asked(), 200)
    assert.equal(replay.replaying.coverage().served, 1)

    writeFileSync(replay.transformsFile, '# nothing\n')
    await revision(replay, 3)
    assert.equal(await asked(), 404)
    // What was served before stays known.
    assert.equal(replay.replaying.coverage().served, 1)

    const file = openSync(replay.transformsFile, 'r+')
    ftruncateSync(file, 0)
    // Two turns of the timers: a watch that believes an empty document would have loaded it.
    await new Promise((resolve) => setTimeout(resolve, 300))
    writeSync(file, IGNORES_TS, 0)
    closeSync(file)
    await revision(replay, 4)
    assert.equal(await asked(), 200)
    assert.deepEqual(
      replay.logged.map((line) => line.slice(0, 6)),
      ['plan 2', 'plan 3', 'plan 4'],
    )
  })

  test('that is wrong leaves the plan that serves, and log, ready and plan say why', async (t) => {
    const replay = await aReplay(t, { watch: true, pairs: [ITEMS], document: IGNORES_TS })
    writeFileSync(replay.transformsFile, 'match: { ignroe: { query: [ts] } }\n')
    const why = `Plan 1 is still served, since what is there now cannot be: ${replay.transformsFile}:1:10: "ignroe" is not a key of "match" of a transform document`
    await until(async () => {
      const { json } = await replay.ask('GET', '/ready')
      return JSON.stringify(json) === JSON.stringify({ ready: true, processes: 1, reasons: [why] })
    })
    assert.equal((await fetch(`${replay.url}/items?ts=1`)).status, 200)
    assert.deepEqual(replay.logged, [why.replace('Plan', 'plan')])
    assert.match((await replay.ask('GET', '/metrics')).text, /^reseal_plan_refused 1$/m)

    writeFileSync(replay.transformsFile, `# better\n${IGNORES_TS}`)
    await revision(replay, 2)
    assert.deepEqual((await replay.ask('GET', '/ready')).json, { ready: true, reasons: [], processes: 1 })
  })

  test('by the link ..data, as Kubernetes mounts it', async (t) => {
    const replay = await aReplay(t, { watch: true, pairs: [ITEMS] })
    const directory = join(replay.directory, 'transforms')
    const publish = (name: string, text: string): void => {
      mkdirSync(join(directory, name))
      writeFileSync(join(directory, name, 'shop.yaml'), text)
      symlinkSync(name, join(directory, '..data_tmp'))
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
    }
    publish('..1', IGNORES_TS)
    symlinkSync('..data/shop.yaml', replay.transformsFile)
    await revision(replay, 2)
    publish('..2', '# nothing ignored\n')
    await revision(replay, 3)
    rmSync(join(directory, '..1'), { recursive: true })
    assert.equal((await fetch(`${replay.url}/items?ts=1`)).status, 404)
  })

  test('is not loaded where its content is the same', async (t) => {
    const replay = await aReplay(t, { watch: true, pairs: [ITEMS], document: IGNORES_TS })
    for (let times = 0; times < 5; times += 1) writeFileSync(replay.transformsFile, IGNORES_TS)
    writeFileSync(replay.transformsFile, `${IGNORES_TS}# once\n`)
    await revision(replay, 2)
    assert.equal(replay.logged.length, 1)
  })

  test('is left alone without a watch', async (t) => {
    const replay = await aReplay(t, { pairs: [ITEMS], watch: false })
    writeFileSync(replay.transformsFile, IGNORES_TS)
    assert.equal((await replay.ask('POST', '/v1/reload')).status, 200)
    writeFileSync(replay.transformsFile, '')
    // As long as a watch takes at most.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.equal((await fetch(`${replay.url}/items?ts=1`)).status, 200)
  })
})

suite('a snapshot that changes', () => {
  test('is loaded while requests are answered, one load after another', async (t) => {
    const pairs = Array.from({ length: 4000 }, (_, index) => ({
      request: { target: `/items/${index}` },
      response: { body: JSON.stringify({ index, note: 'a.b.c '.repeat(100) }) },
    }))
    const document = 'responder:\n  - extractor: http_res_body\n    transforms: [find: jwt, mask]\n'
    const replay = await aReplay(t, { pairs, document })
    const over = new AbortController()
    const reloading = Promise.all([1, 2, 3, 4].map(() => replay.ask('POST', '/v1/reload'))).finally(() =>
      over.abort(),
    )
    const statuses: number[] = []
    while (!over.signal.aborted) statuses.push((await fetch(`${replay.url}/items/7`)).status)
    for (const { status } of await reloading) assert.equal(status, 200)
    // All who ask while one is loading share the next.
    const { revision: last } = (await replay.ask('GET', '/v1/plan')).json as { revision: number }
    assert.ok(last >= 2 && last <= 5, `revision ${last}`)
    // A load of one piece would let through what had come before it and what came after.
    assert.ok(statuses.length >= 6, `${statuses.length} answers`)
    assert.deepEqual([...new Set(statuses)], [200])
  })

  test('is no more loaded once the replay stops', async (t) => {
    const pairs = Array.from({ length: 2000 }, (_, index) => ({ request: { target: `/items/${index}` } }))
    const document = 'responder:\n  - extractor: http_res_body\n    transforms: [find: jwt, mask]\n'
    const replay = await aReplay(t, { pairs, document })
    writeFileSync(replay.transformsFile, `${document}# changed\n`)
    const reloading = replay.ask('POST', '/v1/reload').catch(() => undefined)
    await replay.replaying.stop()
    await reloading
    assert.deepEqual(replay.logged, [])
  })

  test('is served from then on, and no answer is lost meanwhile', async (t) => {
    const replay = await aReplay(t, { watch: true, pairs: [ITEMS] })
    const statuses: number[] = []
    const over = new AbortController()
    const asking = (async (): Promise<void> => {
      while (!over.signal.aborted) statuses.push((await fetch(`${replay.url}/items`)).status)
    })()
    for (const [at, body] of ['[2]', '[3]'].entries()) {
      const other = join(replay.directory, `other-${at}.db`)
      await recorded(other, numbered([{ ...ITEMS, response: { body } }]))
      renameSync(other, replay.snapshotFile)
      await revision(replay, at + 2)
      assert.equal(await (await fetch(`${replay.url}/items`)).text(), body)
    }
    over.abort()
    await asking
    assert.ok(statuses.length > 10)
    assert.deepEqual([...new Set(statuses)], [200])
  })
})

suite('a key file that changes', () => {
  test('signs from then on, and one that is no key leaves the one before it', async (t) => {
    const key = (): string =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }) as string
    const [first, second] = [key(), key()]
    const token = jsonwebtoken.sign({ sub: 'a' }, key(), { algorithm: 'ES256', keyid: 'k' })
    const replay = await aReplay(t, {
      watch: true,
      pairs: [{ request: { target: '/login' }, response: { body: JSON.stringify({ t: token }) } }],
      document: '# no key yet\n',
    })
    const signedBy = async (pem: string): Promise<boolean> => {
      const { t: signed } = (await (await fetch(`${replay.url}/login`)).json()) as { t: string }
      try {
        jsonwebtoken.verify(signed, pem, { algorithms: ['ES256'] })
        return true
      } catch {
        return false
      }
    }
    const file = join(replay.directory, 'secrets', 'tls.key')
    // The document comes first, and is refused until its key is there.
    writeFileSync(
      replay.transformsFile,
      'responder:\n  - extractor: http_res_body\n    transforms: [{ json_path: t }, { jwt_resign: { secretPath: tls.key } }]\n',
    )
    await until(async () => (await replay.ask('GET', '/metrics')).text.includes('reseal_plan_refused 1'))
    writeFileSync(file, first)
    await revision(replay, 2)
    assert.equal(await signedBy(first), true)

    writeFileSync(`${file}.new`, 'no key at all')
    renameSync(`${file}.new`, file)
    await until(async () => (await replay.ask('GET', '/metrics')).text.includes('reseal_plan_refused 1'))
    assert.equal(await signedBy(first), true)

    writeFileSync(file, second)
    await revision(replay, 3)
    assert.deepEqual([await signedBy(first), await signedBy(second)], [false, true])
    assert.ok(!replay.logged.some((line) => line.includes('PRIVATE')))
  })
})

/** Waits until the plan of this number serves. */
async function revision({ ask }: ControlledTestReplay, wanted: number): Promise<void> {
  await until(async () => ((await ask('GET', '/v1/plan')).json as { revision: number }).revision === wanted)
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const late = AbortSignal.timeout(60_000)
  while (!(await holds())) {
    late.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
