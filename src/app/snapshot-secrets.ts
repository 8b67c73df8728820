import { recordingIndex } from './recording-index-module.ts'
import type { PairId } from '../core/pair.ts'
import { liveSecrets, type LiveSecret } from '../redact/live-secrets.ts'
import { createRedactor } from '../redact/redactor.ts'
import type { RedactRules } from '../redact/rules.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { replaceSnapshot } from '../store/snapshot-replacement.ts'
import { openSnapshot, type SnapshotReader } from '../store/snapshot-reader.ts'
import { createSnapshot, type SnapshotWriter } from '../store/snapshot-writer.ts'

export type { LiveSecret }

/** Every place of a snapshot that holds what looks like a secret somebody could use. */
export function findSecrets(directory: string, name: string, rules: RedactRules): readonly LiveSecret[] {
  const reader = openSnapshot(snapshotFile(directory, name))
  try {
    return [...reader.heads()].flatMap(({ id }) => {
      const pair = reader.pair(id)
      return pair === undefined ? [] : liveSecrets(pair, rules)
    })
  } finally {
    reader.close()
  }
}

export interface RedactedSnapshot {
  readonly file: string
  readonly pairs: number
  /** Pairs that held a secret. */
  readonly redacted: number
}

/**
 * Redacts a snapshot that was recorded before: in place, or into another one.
 * @param output name of the new snapshot; undefined puts it in the place of the old one
 * @throws ResealError SNAPSHOT_*
 */
export async function redactSnapshot(
  directory: string,
  name: string,
  output: string | undefined,
  rules: RedactRules,
): Promise<RedactedSnapshot> {
  const source = snapshotFile(directory, name)
  const file = output === undefined ? source : snapshotFile(directory, output)
  const facts = factsOf(source)
  const options = {
    version: facts.resealVersion,
    clock: () => facts.createdAt,
    indexer: recordingIndex(rules),
  }
  let counts = { pairs: 0, redacted: 0 }
  const write = async (writer: SnapshotWriter): Promise<void> => {
    const reader = openSnapshot(source)
    try {
      counts = await copyRedacted(reader, writer, rules)
    } finally {
      reader.close()
    }
  }
  if (output === undefined) await replaceSnapshot(source, options, write)
  else {
    const writer = await createSnapshot(file, { ...options, append: false })
    try {
      await write(writer)
    } finally {
      await writer.close()
    }
  }
  return { file, ...counts }
}

function factsOf(file: string): SnapshotReader['facts'] {
  const reader = openSnapshot(file)
  try {
    return reader.facts
  } finally {
    reader.close()
  }
}

/** Pairs under way to the writer's thread: as many as fit into one of its transactions. */
const PAIRS_AT_ONCE = 256
const BYTES_AT_ONCE = 16 * 1024 * 1024

async function copyRedacted(
  reader: SnapshotReader,
  writer: SnapshotWriter,
  rules: RedactRules,
): Promise<{ pairs: number; redacted: number }> {
  const redact = createRedactor(rules)
  const ids: readonly PairId[] = [...reader.heads()].map(({ id }) => id)
  let redacted = 0
  let waiting: Promise<void>[] = []
  let bytes = 0
  for (const id of ids) {
    const pair = reader.pair(id)
    if (pair === undefined) continue
    const stored = redact(pair)
    if (stored !== pair) redacted += 1
    bytes += stored.request.body.length + (stored.response?.body.length ?? 0)
    waiting.push(writer.put(stored))
    if (waiting.length < PAIRS_AT_ONCE && bytes < BYTES_AT_ONCE) continue
    await Promise.all(waiting)
    waiting = []
    bytes = 0
  }
  await Promise.all(waiting)
  for (const gap of reader.gaps()) await writer.note(gap)
  return { pairs: ids.length, redacted }
}
