import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ResealError, type ErrorCode } from '../../src/core/errors.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { openSnapshot } from '../../src/store/snapshot-reader.ts'
import { createSnapshot, type SnapshotWriter, type WriterOptions } from '../../src/store/snapshot-writer.ts'

/** A directory that is gone after the test. */
export function snapshotDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-store-test-'))
  context.after(() => {
    chmodSync(directory, 0o700)
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** When the snapshots of these tests are created. */
export const CREATED_AT = Date.UTC(2026, 10, 20, 11)

export function record(file: string, options: Partial<WriterOptions> = {}): Promise<SnapshotWriter> {
  return createSnapshot(file, { append: false, version: '0.1.0', clock: () => CREATED_AT, ...options })
}

/** A closed snapshot of these pairs. */
export async function recorded(file: string, pairs: readonly RRPair[]): Promise<string> {
  const writer = await record(file)
  await Promise.all(pairs.map((pair) => writer.put(pair)))
  await writer.close()
  return file
}

/** Every pair of a snapshot. */
export function pairsIn(file: string): readonly (RRPair | undefined)[] {
  const reader = openSnapshot(file)
  try {
    return [...reader.heads()].map(({ id }) => reader.pair(id))
  } finally {
    reader.close()
  }
}

/** Names and digests of all files of a directory: what must not change by reading. */
export function contentsOf(directory: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory)
      .toSorted()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex'),
      ]),
  )
}

/** For `assert.throws` and `assert.rejects`: this code, this sentence, this hint. */
export function refusal(code: ErrorCode, message: string | RegExp, hint?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ResealError, String(error))
    assert.equal(error.code, code)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    if (hint !== undefined) assert.equal(error.hint, hint)
    return true
  }
}
