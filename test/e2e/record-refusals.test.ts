import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { contentsOf } from '../store/snapshot-directory.ts'
import { resealServer } from '../demo/reseal-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const RECORD = ['--target', 'http://127.0.0.1:1', '--listen', '127.0.0.1:0']

interface Refusal {
  readonly title: string
  /** Makes the place, and gives flags and the sentence. */
  readonly prepare: (
    directory: string,
    context: TestContext,
  ) => Promise<readonly string[]> | readonly string[]
  readonly says: RegExp
  readonly exit: number
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'a target that is the listener itself',
    prepare: () => ['record', 'new', '--target', 'http://localhost:18080', '--listen', '127.0.0.1:18080'],
    says: /^error: The target http:\/\/localhost:18080 is where reseal itself listens \(127\.0\.0\.1:18080\)\nhint: /,
    exit: 2,
  },
  {
    title: 'a directory that may not be written',
    prepare: (directory) => {
      chmodSync(join(directory, 'snapshots'), 0o555)
      return ['record', 'new', ...RECORD]
    },
    says: /^error: snapshots\/new\.db cannot be written: .*\nhint: .*--snapshots/,
    exit: 3,
  },
  {
    title: 'a directory that may not be entered',
    prepare: (directory) => {
      chmodSync(join(directory, 'snapshots'), 0o000)
      return ['record', 'new', ...RECORD]
    },
    says: /^error: snapshots\/new\.db .*\nhint: /,
    exit: 3,
  },
  {
    title: 'a directory that may not be entered, for reading,',
    prepare: (directory) => {
      chmodSync(join(directory, 'snapshots'), 0o000)
      return ['show', 'demo']
    },
    says: /^error: snapshots\/demo\.db cannot be opened: EACCES\nhint: /,
    exit: 3,
  },
  {
    title: 'a directory that cannot be made',
    prepare: (directory) => {
      writeFileSync(join(directory, 'file'), 'no directory')
      return ['record', 'new', ...RECORD, '--snapshots', 'file/snapshots']
    },
    says: /^error: file\/snapshots cannot be written: .*\nhint: .*--snapshots/,
    exit: 3,
  },
  {
    title: 'a snapshot that may not be written',
    prepare: (directory) => {
      chmodSync(join(directory, 'snapshots', 'demo.db'), 0o444)
      chmodSync(join(directory, 'snapshots'), 0o555)
      return ['record', 'demo', '--append', ...RECORD]
    },
    says: /^error: snapshots\/demo\.db cannot be written: .*\nhint: /,
    exit: 3,
  },
  {
    title: 'a snapshot that another recorder holds',
    prepare: async (directory, context) => {
      const first = await resealServer(['record', 'demo', '--append', ...RECORD], directory)
      context.after(() => first.stop())
      chmodSync(join(directory, 'snapshots'), 0o777)
      return ['record', 'demo', '--append', ...RECORD]
    },
    says: /^error: (?:demo\.db is being recorded by another reseal|snapshots\/demo\.db cannot be written: .*)\nhint: /,
    exit: 3,
  },
  {
    title: 'a port in use',
    prepare: async (_, context) => {
      const squatter = createServer().listen(0, '127.0.0.1')
      await once(squatter, 'listening')
      context.after(() => squatter.close())
      const { port } = squatter.address() as AddressInfo
      return ['record', 'new', '--target', 'http://127.0.0.1:1', '--listen', `127.0.0.1:${port}`]
    },
    says: /^error: .*127\.0\.0\.1:\d+.*\nhint: /,
    exit: 6,
  },
]

for (const { title, prepare, says, exit } of REFUSALS) {
  test(`${title} is refused in one sentence, and nothing is changed`, async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'reseal-refused-'))
    const snapshots = join(directory, 'snapshots')
    context.after(() => {
      chmodSync(snapshots, 0o700)
      rmSync(directory, { recursive: true, force: true })
    })
    mkdirSync(snapshots)
    cpSync(join(ROOT, 'test/fixtures/snapshots/format-1.db'), join(snapshots, 'demo.db'))
    for (const open of [directory, snapshots]) chmodSync(open, 0o777)
    const args = await prepare(directory, context)
    const held = title.includes('another recorder')
    const before = held || title.includes('entered') ? undefined : contentsOf(snapshots)
    const { code, stderr } = await asNobody(args, directory)
    assert.match(stderr, says)
    assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace')
    assert.equal(code, exit)
    if (before !== undefined) assert.deepEqual(contentsOf(snapshots), before)
  })
}

/** Root may write anywhere, so there the command runs as somebody else. */
async function asNobody(args: readonly string[], cwd: string): Promise<{ code: unknown; stderr: string }> {
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  // Where coverage is measured, nobody may not write its figures, and node would say so on stderr. It hands the variable
  // down unless there is one already.
  const env = { ...process.env, NODE_V8_COVERAGE: '' }
  const child = spawn(process.execPath, [join(ROOT, 'bin/reseal.mjs'), ...args], {
    cwd,
    env,
    ...nobody,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await once(child, 'close')
  return { code, stderr }
}
