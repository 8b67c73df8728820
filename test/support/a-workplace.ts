import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TransformSources } from '../../src/app/loaded-snapshot.ts'
import { run } from '../../src/cli/main.ts'
import type { Output } from '../../src/cli/output.ts'
import type { RRPair } from '../../src/core/pair.ts'
import { aSnapshot } from './a-replay.ts'

/** What a command wrote and how it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A directory with a snapshot `t` and its transform document, and the commands that work in it. */
export interface Workplace {
  readonly directory: string
  /** The transform document, where it is. */
  readonly file: string
  readonly sources: TransformSources
  /** The transform document as it is now. */
  document(): string
  write(yaml: string): void
  /** Runs `reseal transform WORD t …` in this process. */
  transform(word: string, ...args: readonly string[]): Promise<Ran>
}

/** @param yaml its transform document; undefined for none */
export async function aWorkplace(
  t: TestContext,
  pairs: readonly RRPair[],
  yaml?: string,
): Promise<Workplace> {
  const directory = await aSnapshot(t, pairs)
  const file = join(directory, 't.yaml')
  const write = (text: string): void => writeFileSync(file, text)
  if (yaml !== undefined) write(yaml)
  const snapshots = join(directory, 'snapshots')
  const secrets = join(directory, 'secrets')
  return {
    directory,
    file,
    sources: {
      snapshot: 't',
      snapshotsDirectory: snapshots,
      transformsFile: file,
      transformsRequired: true,
      secretsDirectory: secrets,
      issuers: undefined,
      clock: () => Date.now(),
      onLog: () => {},
    },
    document: () => readFileSync(file, 'utf8'),
    write,
    transform: (word, ...args) =>
      runCommand(
        ['transform', word, 't', ...args],
        ['--snapshots', snapshots, '--transforms', file, '--secrets', secrets],
      ),
  }
}

/** Runs one command line in this process. */
export async function runCommand(args: readonly string[], flags: readonly string[] = []): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const output: Output = {
    data: (text) => {
      written.stdout += String(text)
    },
    message: (line) => {
      written.stderr += `${line}\n`
    },
    live: false,
    style: (_, text) => text,
    exitCode: 0,
  }
  const code = await run([...args, ...flags], output)
  return { code, ...written }
}
