import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { record, type RecordOptions } from '../../src/app/record.ts'
import { replay, type ReplayOptions } from '../../src/app/replay.ts'

/** A listener of reseal. */
export interface Listening {
  readonly url: string
  readonly port: number
}

/**
 * Records one backend into a snapshot of its own, and replays that: both on free ports, both gone with the test.
 * @returns `replay` stops the recording before it opens
 */
export async function recordingThenReplaying(
  t: TestContext,
  target: string,
  options: Partial<RecordOptions & ReplayOptions> = {},
): Promise<{ readonly record: Listening; replay(): Promise<Listening> }> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-protocols-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const places = {
    snapshot: 'protocols',
    snapshotsDirectory: join(directory, 'snapshots'),
    transformsFile: join(directory, 'transforms.yaml'),
    secretsDirectory: join(directory, 'secrets'),
  }
  const recording = await record({
    ...places,
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
    record: listening(recording.urls[0] ?? ''),
    async replay() {
      await stopRecording()
      const replaying = await replay({
        ...places,
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
      return listening(replaying.urls[0] ?? '')
    },
  }
}

function listening(url: string): Listening {
  return { url, port: Number(new URL(url).port) }
}
