import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ReplayOptions } from '../../src/app/replay-options.ts'
import { replay, type Replay } from '../../src/app/replay.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { createSnapshot } from '../../src/store/snapshot-writer.ts'

/** A directory with a snapshot `t` of these pairs. */
export async function aSnapshot(t: TestContext, pairs: readonly RRPair[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-matching-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const writer = await createSnapshot(join(directory, 'snapshots', 't.db'), {
    append: false,
    version: 'test',
  })
  try {
    for (const pair of pairs) await writer.put(pair)
  } finally {
    await writer.close()
  }
  return directory
}

/** A replay of the snapshot `t` in a directory, on free ports, gone with the test. @param yaml its transform document */
export async function aReplay(
  t: TestContext,
  directory: string,
  yaml: string,
  options: Partial<ReplayOptions> = {},
): Promise<Replay> {
  const transformsFile = join(directory, 't.yaml')
  writeFileSync(transformsFile, yaml)
  const replaying = await replay({
    snapshot: 't',
    snapshotsDirectory: join(directory, 'snapshots'),
    transformsFile,
    transformsRequired: true,
    secretsDirectory: join(directory, 'secrets'),
    issuers: undefined,
    routes: [{ listen: '127.0.0.1:0', target: undefined }],
    control: undefined,
    cacheBytes: 1_000_000,
    clock: () => Date.now(),
    onHit: () => {},
    onMiss: () => {},
    onError: (error) => t.diagnostic(String(error)),
    onLog: () => {},
    ...options,
  })
  t.after(() => replaying.stop())
  return replaying
}
