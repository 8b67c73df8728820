import { existsSync } from 'node:fs'
import { createRecorder } from '../capture/recorder.ts'
import { ResealError } from '../core/errors.ts'
import type { OtherAnswerer } from '../respond/replay-answer.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { createSnapshot, type SnapshotWriter } from '../store/snapshot-writer.ts'
import type { RelayOptions } from '../wire/relays.ts'
import type { UpstreamOptions } from '../wire/upstream.ts'
import type { LivePlan } from './live-plan.ts'
import { readDocument, type TransformSources } from './loaded-snapshot.ts'
import { inodeOf } from './snapshot-stamp.ts'
import { createLossLines } from './loss-lines.ts'
import { recordingIndex } from './recording-index-module.ts'
import { recordingSink } from './recording-sink.ts'
import { redactRules } from './redaction.ts'
import { refuseOwnListeners } from './own-listener.ts'
import { MARKS, passage, passthrough } from './passthrough.ts'
import type { ListenerRoute } from './routes.ts'
import { VERSION } from './version.ts'

/** What a request that nothing answers gets: an error; the backend's answer; that, and it is recorded. */
export const MISS_CHOICES = ['error', 'passthrough', 'record'] as const

export type OnMiss = (typeof MISS_CHOICES)[number]

export interface MissOptions extends Omit<UpstreamOptions, 'target'> {
  /** Default `error`. */
  readonly whenMissed?: OnMiss
  /** The backend of listeners that stand for no backend in particular. */
  readonly target?: string | undefined
  /** Bytes of one body that are stored; default 32 MiB. */
  readonly maxBodyBytes?: number
}

/** The way of requests that nothing answers to their backends. */
export interface MissForwarding {
  readonly relay: RelayOptions
  close(): Promise<void>
}

/** Takes what is stored into the plan that serves. */
export type Admission = Pick<LivePlan, 'admit' | 'amend'>

const MAX_BODY_BYTES = 32 * 1024 * 1024

/**
 * Makes ready to forward misses; undefined where they are errors, and then there is nothing that could open a
 * connection.
 * @param admission of pairs that are recorded, before their clients have the whole answer
 * @throws ResealError USAGE for a listener whose backend nobody named; SNAPSHOT_*, TRANSFORM_*
 */
export async function openMissForwarding(
  options: MissOptions & TransformSources & { readonly routes: readonly ListenerRoute[] },
  admission: Admission,
): Promise<MissForwarding | undefined> {
  const { whenMissed = 'error' } = options
  if (whenMissed === 'error') return undefined
  refuseUnknownTargets(options)
  if (whenMissed === 'passthrough') {
    return { relay: passthrough(options), close: () => Promise.resolve() }
  }
  const { recorder, close } = await openMissRecorder(options, admission)
  return { relay: { ...options, marks: MARKS, tap: (head, route) => recorder.begin(head, route) }, close }
}

/** Sends a request that nothing answers to its backend; undefined where misses are errors. */
export function passageTo(target: string | undefined, { whenMissed = 'error' }: MissOptions): OtherAnswerer {
  if (whenMissed === 'error' || target === undefined) return () => undefined
  return () => ({ kind: 'passthrough', response: passage(target) })
}

async function openMissRecorder(options: MissOptions & TransformSources, admission: Admission) {
  const file = snapshotFile(options.snapshotsDirectory, options.snapshot)
  const rules = redactRules([options.redact, readDocument(options.transformsFile).redact])
  const writer = await createSnapshot(file, {
    append: existsSync(file),
    version: VERSION,
    indexer: recordingIndex(rules),
  })
  const inode = inodeOf(file)
  const monotonicMs = (): number => performance.now()
  const lines = createLossLines(options.onLog, monotonicMs)
  let isTold = false
  const isServed = (): boolean => {
    if (inodeOf(file) === inode) return true
    if (!isTold) options.onLog(`${file} is another file now: what is recorded goes into the one before it`)
    isTold = true
    return false
  }
  const recorder = createRecorder({
    sink: recordingSink(admittedBy(admission, writer, isServed), rules, () => undefined),
    clock: { now: options.clock, monotonicMs },
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
    firstId: writer.nextId,
    onLoss: lines.lost,
    onRecovery: lines.recovered,
  })
  return {
    recorder,
    close: async () => {
      await recorder.settled()
      await writer.close()
    },
  }
}

function admittedBy(
  { admit, amend }: Admission,
  writer: SnapshotWriter,
  isServed: () => boolean,
): SnapshotWriter {
  return {
    ...writer,
    put: (pair) => (isServed() ? admit(pair.id, () => writer.put(pair)) : writer.put(pair)),
    amend: (pair) => (isServed() ? amend(() => writer.amend(pair)) : writer.amend(pair)),
  }
}

/** @throws ResealError USAGE */
function refuseUnknownTargets({
  routes,
  target,
  whenMissed,
}: MissOptions & { readonly routes: readonly ListenerRoute[] }): void {
  refuseOwnListeners(
    [target, ...routes.map((route) => route.target)].filter((one) => one !== undefined),
    routes.map(({ listen }) => listen),
  )
  if (target !== undefined || routes.every((route) => route.target !== undefined)) return
  throw new ResealError('USAGE', `--on-miss ${whenMissed ?? ''} does not say where to forward to`, {
    hint: 'Name the backend with --target URL, or give each its listener with --map LISTEN=URL.',
  })
}
