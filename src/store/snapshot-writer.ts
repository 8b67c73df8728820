import { basename, extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DURABILITIES, type Durability } from '../core/durability.ts'
import { ResealError } from '../core/errors.ts'
import type { AskedPair, PairId, PairSink, RecordedGap, RRPair } from '../core/pair.ts'
import { systemClock, type Clock } from '../core/time.ts'
import { MIGRATIONS } from './migrations.ts'
import type { IndexerModule, WriterOrders, WriterTask } from './writer-messages.ts'
import { watchThread } from './writer-thread.ts'

/** A snapshot being recorded. */
export interface SnapshotWriter extends PairSink {
  /** The first free id when the snapshot was opened. Ids are the recorder's to give; each may be used once. */
  readonly nextId: PairId
  /**
   * Hands a pair over; resolves when it is committed, and so outlives a SIGKILL. The pair's bodies belong to the
   * writer from here on: larger ones are moved to its thread, not copied, and are empty for everybody else.
   * @throws ResealError SNAPSHOT_WRITE when this pair could not be stored; others are not concerned
   */
  put(pair: RRPair): Promise<void>
  /**
   * Stores the request of a pair that was put while it still came: its content, trailers and size take the place of what
   * was stored. The body moves as in {@link SnapshotWriter.put}.
   * @throws ResealError SNAPSHOT_WRITE when it could not be stored; the pair stays as it was put
   */
  amend(pair: AskedPair): Promise<void>
  /**
   * Notes a time in which exchanges passed and could not be stored.
   * @throws ResealError SNAPSHOT_WRITE when there is no room for the note either
   */
  note(gap: RecordedGap): Promise<void>
  /**
   * Commits what was put, and leaves one file, mode 0600, that opens in a read-only directory. May be called again.
   * @throws ResealError SNAPSHOT_BUSY, SNAPSHOT_WRITE when it cannot be one file; every committed pair is kept even then
   */
  close(): Promise<void>
}

export interface WriterOptions {
  /** Continue a snapshot that exists; without it an existing one is refused. */
  readonly append: boolean
  /** reseal's version, noted in a new snapshot. */
  readonly version: string
  /** @default 'normal' */
  readonly durability?: Durability
  /** @default systemClock */
  readonly clock?: Clock
  /** Without one the snapshot is indexed at each replay. */
  readonly indexer?: IndexerModule
  /** Tests pass a longer list than `MIGRATIONS`. */
  readonly migrations?: readonly string[]
}

/**
 * Opens a snapshot for recording, and is its only recorder until `close` or the end of the process. A new file's
 * directory is made when it is missing. Pairs are written by a thread of their own, all that have arrived in one
 * transaction.
 * @param path as `snapshotFile` gives it
 * @throws ResealError SNAPSHOT_EXISTS, SNAPSHOT_BUSY, SNAPSHOT_INVALID, SNAPSHOT_NEWER, SNAPSHOT_WRITE
 */
export async function createSnapshot(path: string, options: WriterOptions): Promise<SnapshotWriter> {
  const { gatherMs } = DURABILITIES[options.durability ?? 'normal']
  const thread = watchThread(startWorker(path, options), basename(path), gatherMs)
  const nextId = await thread.opened
  let closing = false
  const write = async (task: WriterTask): Promise<void> => {
    if (!closing) return thread.write(task)
    const what = task.kind === 'note' ? 'a gap' : `pair ${task.pair.id}`
    throw new ResealError('SNAPSHOT_WRITE', `${what} came after the snapshot was closed`)
  }
  return {
    nextId,
    put: (pair) => write({ kind: 'put', pair }),
    amend: (pair) => write({ kind: 'amend', pair }),
    note: (gap) => write({ kind: 'note', gap }),
    close: () => {
      if (!closing) thread.close()
      closing = true
      return thread.closed
    },
  }
}

function startWorker(path: string, options: WriterOptions): Worker {
  const orders: WriterOrders = {
    path,
    append: options.append,
    version: options.version,
    createdAt: (options.clock ?? systemClock)(),
    waitsForDisk: DURABILITIES[options.durability ?? 'normal'].waitsForDisk,
    migrations: options.migrations ?? MIGRATIONS,
    indexer: options.indexer,
  }
  // `.ts` in a checkout, `.js` where it is published; TypeScript does not rewrite a URL.
  const script = new URL(`./writer-worker${extname(import.meta.url)}`, import.meta.url)
  return new Worker(script, { workerData: orders, name: `snapshot ${basename(path)}` })
}
