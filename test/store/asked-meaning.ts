import type { TestContext } from 'node:test'
import { recordingIndex } from '../../src/app/recording-index-module.ts'
import { atOnce } from '../../src/core/sliced.ts'
import { DEFAULT_RULES } from '../../src/match/match-rules.ts'
import { oneRule } from '../../src/match/rule-book.ts'
import { NO_CLASSES } from '../../src/redact/classes.ts'
import { askedColumns, type AskedSource } from '../../src/respond/asked-scan.ts'
import { openSnapshot, type SnapshotReader } from '../../src/store/snapshot-reader.ts'

/** Has a writer keep what pairs ask. */
export const INDEXED = { indexer: recordingIndex(undefined) }

const BOOK = oneRule(DEFAULT_RULES)

/** Until the test is over. */
export function opened(context: TestContext, file: string): SnapshotReader {
  const reader = openSnapshot(file)
  context.after(() => reader.close())
  return reader
}

/** What is known of each pair, with names in place of numbers, which may differ in their order. */
export function meaning(pair: AskedSource, secrets = NO_CLASSES, book = BOOK): unknown {
  const { ids, keys, origins, subjects, flags, originNames, subjectNames } = atOnce(
    askedColumns(pair, book, secrets),
  )
  return Array.from(ids, (id, at) => ({
    id,
    key: Array.from(keys.slice(at * 4, at * 4 + 4)),
    origin: originNames[origins[at] ?? -1],
    subject: subjectNames[(subjects[at] ?? 0) - 1],
    flags: flags[at],
  }))
}
