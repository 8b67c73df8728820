import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ReplayOptions } from '../../../src/app/replay-options.ts'
import { replay, type Replay } from '../../../src/app/replay.ts'
import type { RRPair } from '../../../src/core/pair.ts'
import { aPair, type PairFields } from '../../support/a-pair.ts'
import { recorded } from '../../store/snapshot-directory.ts'

export interface AskedReply {
  readonly status: number
  readonly json: unknown
  readonly text: string
  readonly headers: Headers
}

/** A replay of real files, listening, with its control API. */
export interface ControlledTestReplay {
  readonly directory: string
  readonly snapshotFile: string
  readonly transformsFile: string
  readonly replaying: Replay
  /** Of the first listener. */
  readonly url: string
  readonly control: string
  /** Asks the control API. */
  readonly ask: (method: string, path: string, content?: unknown) => Promise<AskedReply>
  /** Lines that were logged. */
  readonly logged: readonly string[]
}

export interface TestReplayOptions extends Partial<ReplayOptions> {
  readonly pairs?: readonly PairFields[]
  /** Text of the transform document; none unless given. */
  readonly document?: string
}

/** It is stopped, and its files are gone, when the test ends. */
export async function aReplay(
  t: TestContext,
  { pairs = [{}], document, ...options }: TestReplayOptions = {},
): Promise<ControlledTestReplay> {
  const directory = mkdtempSync(join(tmpdir(), 'reseal-replay-'))
  for (const part of ['snapshots', 'transforms', 'secrets']) mkdirSync(join(directory, part))
  const snapshotFile = join(directory, 'snapshots', 'shop.db')
  const transformsFile = join(directory, 'transforms', 'shop.yaml')
  await recorded(snapshotFile, numbered(pairs))
  if (document !== undefined) writeFileSync(transformsFile, document)
  const logged: string[] = []
  const replaying = await replay({
    snapshot: 'shop',
    snapshotsDirectory: join(directory, 'snapshots'),
    transformsFile,
    transformsRequired: false,
    secretsDirectory: join(directory, 'secrets'),
    issuers: undefined,
    routes: [{ listen: '127.0.0.1:0', target: undefined }],
    control: '127.0.0.1:0',
    clock: () => Date.now(),
    cacheBytes: 1024 * 1024,
    watch: false,
    onHit: () => {},
    onMiss: () => {},
    onLog: (line) => logged.push(line),
    onError: (error) => logged.push(String(error)),
    ...options,
  })
  let stopped: Promise<unknown> | undefined
  const stop: Replay['stop'] = () => {
    const summary = replaying.stop()
    stopped = summary
    return summary
  }
  t.after(async () => {
    await (stopped ?? replaying.stop())
    rmSync(directory, { recursive: true, force: true })
  })
  const control = replaying.control?.url ?? ''
  return {
    directory,
    snapshotFile,
    transformsFile,
    replaying: { ...replaying, stop },
    url: replaying.urls[0] ?? '',
    control,
    ask: (method, path, content) => asked(`${control}${path}`, method, content),
    logged,
  }
}

/** Pairs of these fields, their numbers in order. */
export function numbered(pairs: readonly PairFields[]): readonly RRPair[] {
  return pairs.map((fields, at) => aPair({ id: at + 1, ...fields }))
}

async function asked(url: string, method: string, content: unknown): Promise<AskedReply> {
  const reply = await fetch(url, {
    method,
    ...(content === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) }),
  })
  const text = await reply.text()
  const isJson = reply.headers.get('content-type') === 'application/json'
  return { status: reply.status, json: isJson ? JSON.parse(text) : undefined, text, headers: reply.headers }
}
