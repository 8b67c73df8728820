import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abortRequests } from './aborts.ts'
import { keepConnections } from './connections.ts'
import { fillDisk } from './disk-full.ts'
import { drainInFlight } from './drain.ts'
import { passLarge } from './large.ts'
import { slowClients } from './slow.ts'
import { tortureDirectory } from './torture-directory.ts'

const LINUX = process.platform === 'linux' ? false : 'it reads /proc'
const ROOT = process.getuid?.() === 0 && LINUX === false ? false : 'a file system of its own needs root'

test('SIGTERM lets fifty exchanges under way end, stores them and refuses new ones', async (context) => {
  const { whole, pairs, refusal, exitCode } = await drainInFlight(tortureDirectory(context), 50)
  assert.deepEqual([whole, refusal, exitCode], [50, 'ECONNREFUSED', 0])
  assert.ok(pairs >= 50, `${pairs} are stored`)
})

test(
  'a full disk costs no client its answer, is told and noted, and recording goes on when there is room',
  { skip: ROOT },
  async (context) => {
    const directory = tortureDirectory(context)
    const { asked, wrong, exitCode, stderr, verdict } = await fillDisk(directory, 96)
    const lost = verdict.gaps.reduce((sum, { exchanges }) => sum + exchanges, 0)
    assert.equal(wrong, 0, 'every client got its answer')
    assert.equal(exitCode, 1)
    assert.match(
      stderr,
      /^warning: pair \d+ \(GET \/\d+\) was not stored(?:, and \d+ before it)?: (?:database or disk is full|disk I\/O error)$/m,
    )
    assert.ok(stderr.split('\n').length < 20, 'the log is short')
    assert.match(stderr, new RegExp(`^${lost} exchanges could not be stored$`, 'm'))
    assert.deepEqual(verdict.problems, [])
    assert.ok(lost > 20, `${lost} were lost`)
    assert.equal(verdict.pairs + lost, asked, 'what is not stored is in a gap')
  },
)

test('clients that leave are marked, and give back what they held', { skip: LINUX }, async (context) => {
  const { aborted, marked, releasedMs, handles } = await abortRequests(tortureDirectory(context), 50)
  assert.equal(marked, aborted)
  assert.ok(releasedMs < 60_000, `${releasedMs} ms`)
  assert.ok(handles[1] <= handles[0] + 5, `${handles.join(' → ')} descriptors`)
})

test('large bodies pass byte for byte in bounded memory', { skip: LINUX }, async (context) => {
  const { downHashesEqual, upHashesEqual, growthMb } = await passLarge(
    tortureDirectory(context),
    100 * 1024 * 1024,
  )
  assert.ok(downHashesEqual && upHashesEqual)
  assert.ok(growthMb < 128, `${growthMb} MB`)
})

test(
  'a thousand connections stay open, are answered, and take little memory each',
  { skip: LINUX },
  async (context) => {
    const { connections, answered, kbEach } = await keepConnections(tortureDirectory(context), 1000)
    assert.deepEqual([connections, answered], [1000, 1000])
    assert.ok(kbEach < 64, `${kbEach} KB each, where the garbage of so few weighs more`)
  },
)

test('slow clients are cut in time, head or content, and do not hold others up', async (context) => {
  const { cutAfterMs } = await slowClients(tortureDirectory(context), 50, '2s', 1000)
  assert.ok(cutAfterMs < 60_000, `${cutAfterMs} ms`)
})
