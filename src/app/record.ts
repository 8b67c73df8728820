import type { RecorderClock } from '../capture/exchange-tap.ts'
import { createRecorder, type RecordingSummary as Recorded } from '../capture/recorder.ts'
import { existsSync, rmSync } from 'node:fs'
import { errorMessage, ResealError } from '../core/errors.ts'
import { DURABILITIES, type Durability } from '../core/durability.ts'
import type { PairHead } from '../core/pair.ts'
import type { Tags } from '../core/tags.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { recordingIndex } from './recording-index-module.ts'
import { createSnapshot, type SnapshotWriter } from '../store/snapshot-writer.ts'
import type { RunningServer } from '../wire/listener.ts'
import { serveForwarding } from '../wire/record-server.ts'
import type { UpstreamOptions } from '../wire/upstream.ts'
import { redactRules, type RedactSource } from './redaction.ts'
import { readDocument } from './loaded-snapshot.ts'
import { createLossLines } from './loss-lines.ts'
import { refuseOwnListeners } from './own-listener.ts'
import { recordingSink } from './recording-sink.ts'
import { writeScaffoldIfNeeded } from './scaffold.ts'
import { openTls, type TlsSource } from './tls.ts'
import { VERSION } from './version.ts'

export type { RecorderClock }

export interface RecordOptions extends Omit<UpstreamOptions, 'target'> {
  readonly snapshot: string
  readonly snapshotsDirectory: string
  readonly transformsFile: string
  readonly routes: readonly { readonly listen: string; readonly target: string }[]
  readonly append: boolean
  /** What the snapshot says of the pairs of this recording. */
  readonly tags?: Tags | undefined
  /** Bytes of one body that are stored. */
  readonly maxBodyBytes: number
  /** How surely a pair is stored when its client has the whole response; default `normal`. */
  readonly durability?: Durability
  /** What exchanges under way and pairs on their way to the disk may hold; default 256 MiB. What is past it is lost. */
  readonly maxPendingBytes?: number
  /** How long a client may take for the head of a request, or hold back its content; default 10 s. */
  readonly clientTimeoutMs?: number
  /** What is redacted besides what the transform document says; default everything that is known. */
  readonly redact?: RedactSource
  /** JWTs are stored with their signatures. */
  readonly keepSignatures?: boolean
  /** Listens with TLS; left out, in the clear. */
  readonly tls?: TlsSource | undefined
  readonly clock: RecorderClock
  /** Told of each pair once it is whole; `jwts` is how many it holds. */
  readonly onPair: (pair: PairHead, jwts: number) => void
  /** Told of what was lost, in words. */
  readonly onWarning: (message: string) => void
}

export interface Recording {
  readonly urls: readonly string[]
  /** The certificate that clients of TLS listeners have to trust, where reseal made it. */
  readonly authorityFile: string | undefined
  /** Finishes what is under way, closes the snapshot to one file and scaffolds its transforms. */
  stop(): Promise<RecordingSummary>
}

export interface RecordingSummary extends Recorded {
  readonly file: string
  readonly jwts: number
  /** The transform document that was written, if there was none and the snapshot needs one. */
  readonly scaffolded: string | undefined
}

/**
 * Starts recording: a listener for each route, all into one snapshot.
 * @throws ResealError SNAPSHOT_*, ADDRESS_*, USAGE, CONFIG_INVALID, TRANSFORM_*
 */
export async function record(options: RecordOptions): Promise<Recording> {
  const file = snapshotFile(options.snapshotsDirectory, options.snapshot)
  const listens = options.routes.map(({ listen }) => listen)
  refuseOwnListeners(
    options.routes.map(({ target }) => target),
    listens,
  )
  const tls = await openTls(options.tls, listens)
  const rules = redactRules(
    [options.redact, readDocument(options.transformsFile).redact],
    options.keepSignatures,
  )
  const existed = existsSync(file)
  const { durability = 'normal', clock } = options
  const writer = await createSnapshot(file, {
    append: options.append,
    version: VERSION,
    durability,
    indexer: recordingIndex(rules),
  })
  const lines = createLossLines(options.onWarning, clock.monotonicMs)
  const sink = recordingSink(writer, rules, options.onPair)
  const recorder = createRecorder({
    sink,
    clock,
    maxBodyBytes: options.maxBodyBytes,
    ...(options.maxPendingBytes === undefined ? {} : { maxPendingBytes: options.maxPendingBytes }),
    firstId: writer.nextId,
    maxUncommitted: DURABILITIES[durability].maxUncommitted,
    onLoss: lines.lost,
    onRecovery: lines.recovered,
  })

  const servers: RunningServer[] = []
  const stopServers = (): Promise<unknown> => Promise.all(servers.map((server) => server.close()))
  try {
    for (const route of options.routes) {
      servers.push(
        await serveForwarding({
          ...options,
          listen: route.listen,
          target: route.target,
          maxFrameBytes: options.maxBodyBytes,
          tls: tls?.identity,
          tap: (head, where) => recorder.begin(head, where),
        }),
      )
    }
  } catch (error) {
    await stopServers()
    await writer.close()
    // Nothing was recorded: the name stays free for the next try.
    if (!existed) rmSync(file, { force: true })
    throw error
  }

  return {
    urls: servers.map(({ url }) => url),
    authorityFile: tls?.authorityFile,
    stop: async () => {
      await stopServers()
      await recorder.settled()
      await closeOrWarn(writer, recorder.summary().notStored > 0, options)
      const scaffolded = sink.jwts() > 0 ? scaffoldOrWarn(options) : undefined
      return { ...recorder.summary(), file, jwts: sink.jwts(), scaffolded }
    },
  }
}

/** A disk that had no room for pairs may have none for folding them into one file; the pairs are kept even then. */
async function closeOrWarn(writer: SnapshotWriter, full: boolean, options: RecordOptions): Promise<void> {
  try {
    await writer.close()
  } catch (error) {
    if (!full || !(error instanceof ResealError)) throw error
    options.onWarning(error.message)
  }
}

/** The recording is safe whatever becomes of its transforms. */
function scaffoldOrWarn(options: RecordOptions): string | undefined {
  try {
    const { file, notes } = writeScaffoldIfNeeded(options)
    for (const note of notes) options.onWarning(note)
    return file
  } catch (error) {
    if (!(error instanceof ResealError)) throw error
    options.onWarning(`${error.message}: ${errorMessage(error.cause ?? error)}`)
    return undefined
  }
}
