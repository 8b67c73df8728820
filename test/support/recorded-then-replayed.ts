import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { record, type RecordOptions } from '../../src/app/record.ts'
import type { ReplayOptions } from '../../src/app/replay-options.ts'
import { replay } from '../../src/app/replay.ts'

/** A listener of reseal. */
export interface Listening {
  readonly url: string
  readonly port: number
  /** What its clients have to trust, when it has TLS. */
  readonly authorityFile: string
}

/**
 * Records one backend into a snapshot of its own, and replays that: both on free ports, both gone with the test.
 * @returns `replay` stops the recording before it opens
 */
export async function recordingThenReplaying(
  t: TestContext,
  target: string,
  {
    tls: withTls = false,
    ...options
  }: Omit<Partial<RecordOptions & ReplayOptions>, 'tls'> & {
    readonly tls?: boolean
  } = {},
): Promise<{ readonly record: Listening; replay(): Promise<Listening> }> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-protocols-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const places = {
    snapshot: 'protocols',
    snapshotsDirectory: join(directory, 'snapshots'),
    transformsFile: join(directory, 'transforms.yaml'),
    secretsDirectory: join(directory, 'secrets'),
  }
  const tls = withTls ? { secretsDirectory: places.secretsDirectory } : undefined
  const recording = await record({
    ...places,
    tls,
    routes: [{ listen: '127.0.0.1:0', target }],
    append: false,
    maxBodyBytes: 64 * 1024 * 1024,
    clock: { now: () => Date.now(), monotonicMs: () => performance.now() },
    onPair: () => {},
    onWarning: (message) => t.diagnostic(message),
    ...options,
  })
  let stopped: Promise<unknown> | undefined
  const stopRecording = (): Promise<unknown> => (stopped ??= recording.stop())
  t.after(stopRecording)
  return {
    record: listening(recording),
    async replay() {
      await stopRecording()
      const replaying = await replay({
        ...places,
        tls,
        transformsRequired: false,
        issuers: undefined,
        routes: [{ listen: '127.0.0.1:0', target: undefined }],
        control: undefined,
        clock: () => Date.now(),
        cacheBytes: 1024 * 1024,
        onHit: () => {},
        onMiss: ({ method, target: asked }) => t.diagnostic(`missed ${method} ${asked}`),
        onError: (error) => t.diagnostic(String(error)),
        onLog: () => {},
        ...options,
      })
      t.after(() => replaying.stop())
      return listening(replaying)
    },
  }
}

function listening({
  urls: [url = ''],
  authorityFile = '',
}: {
  readonly urls: readonly string[]
  readonly authorityFile: string | undefined
}): Listening {
  return { url, port: Number(new URL(url).port), authorityFile }
}
