import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { verifySnapshot } from '../../src/store/snapshot-verify.ts'
import { aPair } from '../support/a-pair.ts'
import { contentsOf, pairsIn, record, recorded, refusal, snapshotDirectory } from './snapshot-directory.ts'

const RECORDER = join(import.meta.dirname, 'recorder-process.ts')

test('a recorder that is killed loses nothing it had acknowledged, round after round', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  const copies = ownTemporaries(context)
  const acked = new Set<number>()
  for (const enough of [1, 300, 1500]) {
    for (const id of await recordUntilKilled(file, enough)) acked.add(id)
    assert.ok(existsSync(`${file}-wal`), 'the recorder left its write-ahead log')

    const before = contentsOf(directory)
    const reader = openSnapshot(file)
    const stored = new Set([...reader.heads()].map(({ id }) => id))
    assert.deepEqual(
      [...acked].filter((id) => !stored.has(id)),
      [],
    )
    for (const id of [...stored].slice(-20))
      assert.equal(bodyText(reader.pair(id)?.response?.body).split(' ')[0], String(id))
    assert.deepEqual(readdirSync(copies), [], 'the copy it reads has no name')
    reader.close()
    assert.deepEqual(verifySnapshot(file).problems, [])
    assert.deepEqual(contentsOf(directory), before, 'reading what a killed recorder left changes nothing')
  }

  const writer = await record(file, { append: true })
  assert.ok(writer.nextId > Math.max(...acked))
  await writer.put(aPair({ id: writer.nextId }))
  await writer.close()
  assert.deepEqual(readdirSync(directory), ['demo.db'])
  assert.deepEqual(verifySnapshot(file).problems, [])
  assert.ok(openSnapshot(file).count > acked.size)
})

test('a recorder of another process holds the snapshot until it is killed', async (context) => {
  const file = join(snapshotDirectory(context), 'demo.db')
  const recorder = spawn(process.execPath, [RECORDER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => recorder.once('exit', resolve))
  context.after(() => recorder.kill('SIGKILL'))
  await new Promise((resolve) => recorder.stdout.once('data', resolve))
  await assert.rejects(
    record(file, { append: true }),
    refusal('SNAPSHOT_BUSY', 'demo.db is being recorded by another reseal'),
  )
  recorder.kill('SIGKILL')
  await gone
  const writer = await record(file, { append: true })
  await writer.close()
})

test('a snapshot is read while it is recorded, and the readers do not keep it from being one file', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  const writer = await record(file)
  await writer.put(aPair({ id: 1 }))
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  assert.equal(reader.count, 1)
  await writer.put(aPair({ id: 2, response: { body: 'later' } }))
  assert.equal(bodyText(reader.pair(2)?.response?.body), 'later')
  assert.deepEqual(readdirSync(directory).toSorted(), [
    'demo.db',
    'demo.db-lock',
    'demo.db-shm',
    'demo.db-wal',
  ])
  await writer.close()
  assert.deepEqual(readdirSync(directory), ['demo.db'])
  assert.deepEqual(
    [...reader.heads()].map(({ id }) => id),
    [1, 2],
  )
})

test('a reader that was there first sees what is appended, and does not hold the recorder up', async (context) => {
  const directory = snapshotDirectory(context)
  const file = await recorded(join(directory, 'demo.db'), [aPair({ id: 1 })])
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  const heads = reader.heads()[Symbol.iterator]()
  assert.equal(heads.next().value?.id, 1)
  const writer = await record(file, { append: true })
  await writer.put(aPair({ id: 2 }))
  assert.equal(reader.count, 2)
  await writer.close()
  assert.deepEqual(readdirSync(directory), ['demo.db'])
  assert.equal(reader.count, 2)
})

test('a full disk fails the pairs it has no room for, and recording goes on', async (context) => {
  const directory = snapshotDirectory(context)
  const file = join(directory, 'demo.db')
  // Files of at most 2 MiB stand for the disk: Node ignores SIGXFSZ, and the write fails.
  const recorder = spawn(
    'bash',
    ['-c', 'ulimit -f 2048; exec "$@"', 'bash', process.execPath, RECORDER, file, '40000'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  await new Promise<void>((resolve) => {
    recorder.once('close', () => resolve())
    recorder.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if ((output.match(/^failed /gm) ?? []).length > 100) recorder.kill('SIGKILL')
    })
  })
  const acked = [...output.matchAll(/^acked (\d+)$/gm)].map((match) => Number(match[1]))
  const failed = /^failed .*$/m.exec(output)?.[0] ?? ''
  assert.match(
    failed,
    /^failed \d+ ResealError: pair \d+ cannot be stored in .*demo\.db: (disk I\/O error|database or disk is full)$/,
  )
  assert.ok(acked.length > 5, `${acked.length} were stored before`)
  const stored = new Set(pairsIn(file).map((pair) => pair?.id))
  assert.deepEqual(
    acked.filter((id) => !stored.has(id)),
    [],
  )
  assert.deepEqual(verifySnapshot(file).problems, [])
})

/** Records with a process that is killed once so many pairs are acknowledged; gives their ids. */
async function recordUntilKilled(file: string, enough: number): Promise<readonly number[]> {
  const recorder = spawn(process.execPath, [RECORDER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  recorder.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text
    if (output.split('\n').length > enough) recorder.kill('SIGKILL')
  })
  const [, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    recorder.once('close', (code, by) => resolve([code, by]))
  })
  assert.equal(signal, 'SIGKILL', 'it was killed under load')
  return [...output.matchAll(/^acked (\d+)$/gm)].map((match) => Number(match[1]))
}

/** A directory for temporary files that nobody else on this machine uses, until the test ends. */
function ownTemporaries(context: TestContext): string {
  const directory = snapshotDirectory(context)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = directory
  context.after(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  return directory
}

function bodyText(body: Uint8Array | undefined): string {
  return Buffer.from(body ?? []).toString('latin1')
}
