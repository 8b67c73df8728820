import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { record } from '../../src/app/record.ts'
import { replay } from '../../src/app/replay.ts'
import { systemClock } from '../../src/core/time.ts'
import type { FidelityCase } from './fidelity-case.ts'
import { runClient, startUpstream, until, type ClientResult, type RawUpstream } from './raw-sides.ts'

/** What became of a case, one way. */
export interface Passed {
  readonly client: ClientResult
  /** Requests as the upstream got them; empty from the replay. */
  readonly requests: readonly string[]
}

export interface CaseResult {
  readonly direct: Passed
  readonly recorded: Passed
  readonly replayed: Passed
}

/** How many cases are under way at once. */
const AT_ONCE = 8

/** Runs every case directly, through a recorder into a snapshot, and from a replay of it with the upstream gone. */
export async function runCases(cases: readonly FidelityCase[]): Promise<ReadonlyMap<string, CaseResult>> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-fidelity-'))
  try {
    const direct = await runDirect(cases)
    const recorded = await runRecorded(cases, directory)
    const replayed = await runReplayed(cases, directory)
    const nothing: Passed = { client: { answers: [], ending: 'not run' }, requests: [] }
    return new Map(
      cases.map(({ id }) => [
        id,
        {
          direct: direct.get(id) ?? nothing,
          recorded: recorded.get(id) ?? nothing,
          replayed: replayed.get(id) ?? nothing,
        },
      ]),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function runDirect(cases: readonly FidelityCase[]): Promise<ReadonlyMap<string, Passed>> {
  const upstream = await startUpstream(cases)
  const passed = await runAll(cases, upstream, upstream.port, true)
  await upstream.close()
  return passed
}

async function runRecorded(
  cases: readonly FidelityCase[],
  directory: string,
): Promise<ReadonlyMap<string, Passed>> {
  const upstream = await startUpstream(cases)
  const recording = await record({
    snapshot: 'fidelity',
    snapshotsDirectory: directory,
    transformsFile: join(directory, 'none', 'fidelity.yaml'),
    routes: [{ listen: '127.0.0.1:0', target: upstream.url }],
    append: false,
    maxBodyBytes: 64 * 1024 * 1024,
    insecureUpstream: false,
    redact: 'off',
    clock: { now: systemClock, monotonicMs: () => performance.now() },
    onPair: () => {},
    onWarning: () => {},
  })
  const passed = await runAll(cases, upstream, portOf(recording.urls), true)
  await recording.stop()
  await upstream.close()
  return passed
}

async function runReplayed(
  cases: readonly FidelityCase[],
  directory: string,
): Promise<ReadonlyMap<string, Passed>> {
  const upstream = await startUpstream(cases)
  await upstream.close()
  const replaying = await replay({
    snapshot: 'fidelity',
    snapshotsDirectory: directory,
    transformsFile: join(directory, 'none.yaml'),
    transformsRequired: false,
    secretsDirectory: join(directory, 'secrets'),
    routes: [{ listen: '127.0.0.1:0', target: undefined }],
    control: undefined,
    issuers: undefined,
    redact: 'off',
    clock: systemClock,
    cacheBytes: 64 * 1024 * 1024,
    onHit: () => {},
    onMiss: () => {},
    onError: () => {},
    onLog: () => {},
  })
  const passed = await runAll(cases, upstream, portOf(replaying.urls), false)
  await replaying.stop()
  return passed
}

async function runAll(
  cases: readonly FidelityCase[],
  { meetings }: RawUpstream,
  port: number,
  upstreamIsThere: boolean,
): Promise<ReadonlyMap<string, Passed>> {
  const passed = new Map<string, Passed>()
  const left = [...cases]
  const work = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const meeting = meetings.get(one.id)
      if (meeting === undefined) continue
      const client = await runClient(one, port, meeting, upstreamIsThere)
      // A client that left takes its upstream with it.
      if (upstreamIsThere && client.ending === 'the client left') {
        await Promise.race([until(meeting, () => meeting.upstreamClosed), deadline()])
        if (!meeting.upstreamClosed) meeting.requests.push('the upstream was kept waiting')
      }
      passed.set(one.id, { client, requests: meeting.requests.toSorted() })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return passed
}

function deadline(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 60_000).unref()
  })
}

function portOf([url = '']: readonly string[]): number {
  return Number(new URL(url).port)
}
