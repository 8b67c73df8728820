import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingIndex } from '../../src/app/recording-index-module.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { QUESTION_VERSION } from '../../src/match/question-key.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { createSnapshot } from '../../src/store/snapshot-writer.ts'
import { aPair } from '../../test/support/a-pair.ts'

/** What a large snapshot for measurements holds. */
export type BigSnapshotKind =
  /** `GET /items/N`, each answered with 1 KB of JSON of its own. */
  | 'items'
  /** `POST /orders` with 1 KB of JSON, which alone tells the requests apart, each answered with 1 KB of JSON. */
  | 'orders'

/** Pairs that are on their way to the writer at once. */
const AT_ONCE = 1024

/**
 * The directory that holds a snapshot of so many pairs as `<kind>-<pairs>.db`, written by the real writer once and kept
 * below the temporary directory: a million pairs take minutes.
 */
export async function bigSnapshot(
  kind: BigSnapshotKind,
  pairs: number,
): Promise<{ directory: string; name: string }> {
  const directory = join(tmpdir(), `reseal-bench-snapshots-${MIGRATIONS.length}-${QUESTION_VERSION}`)
  mkdirSync(directory, { recursive: true })
  const name = `${kind}-${pairs}`
  const file = join(directory, `${name}.db`)
  if (!existsSync(file)) {
    const unfinished = join(directory, `${name}-unfinished.db`)
    rmSync(unfinished, { force: true })
    await write(unfinished, kind, pairs)
    renameSync(unfinished, file)
  }
  return { directory, name }
}

async function write(file: string, kind: BigSnapshotKind, pairs: number): Promise<void> {
  const writer = await createSnapshot(file, {
    append: false,
    version: 'bench',
    indexer: recordingIndex(undefined),
  })
  let waiting: Promise<void>[] = []
  for (let id = 1; id <= pairs; id += 1) {
    waiting.push(writer.put(bigSnapshotPair(kind, id)))
    if (waiting.length < AT_ONCE) continue
    await Promise.all(waiting)
    waiting = []
  }
  await Promise.all(waiting)
  await writer.close()
}

/** Pair number `id` of such a snapshot. */
export function bigSnapshotPair(kind: BigSnapshotKind, id: number): RRPair {
  const request =
    kind === 'items'
      ? { target: `/items/${id}` }
      : {
          method: 'POST',
          target: '/orders',
          headers: [
            ['Host', 'staging.example.com'],
            ['Content-Type', 'application/json'],
          ] as const,
          body: bigSnapshotOrder(id),
        }
  return aPair({ id, request, response: { body: oneKilobyte(`answer ${id}`) } })
}

/** The content of request number `id` of orders. */
export function bigSnapshotOrder(id: number): string {
  return oneKilobyte(`order ${id}`)
}

/** A JSON object of 1024 bytes as services give them: some members, numbers, text. */
function oneKilobyte(what: string): string {
  const start = `{"what":"${what}","price":12.50,"tags":["a","b","c"],"active":true,"note":"`
  return `${start}${LOREM.slice(0, 1024 - start.length - 2)}"}`
}

const LOREM = 'lorem ipsum dolor sit amet '.repeat(40)
