import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorMessage, ResealError, systemErrorCode } from '../core/errors.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot } from '../store/snapshot-reader.ts'
import type { PairSource } from '../core/pair.ts'
import { extendScaffold, scaffold, type Scaffold } from '../transform/scaffold/scaffold.ts'

export interface ScaffoldSources {
  readonly snapshot: string
  readonly snapshotsDirectory: string
  readonly transformsFile: string
}

/** A document as it is and as it would be. */
export interface ScaffoldChange extends Scaffold {
  readonly file: string
  /** Undefined where there is no file yet. */
  readonly before: string | undefined
}

/** The transform document that a snapshot needs, as if there were none. */
export function scaffoldFor(sources: ScaffoldSources): Scaffold {
  return withSnapshot(sources, (pairs) => freshScaffold(sources, pairs))
}

/**
 * What a scaffold would make of the document that is there: it adds what is missing and keeps every byte.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*
 */
export function scaffoldChange(sources: ScaffoldSources): ScaffoldChange {
  const file = sources.transformsFile
  const before = readDocumentText(file)
  return withSnapshot(sources, (pairs) => {
    const made = before === undefined ? freshScaffold(sources, pairs) : extendScaffold(before, file, pairs)
    return { ...made, file, before }
  })
}

/**
 * Writes what {@link scaffoldChange} found.
 * @throws ResealError TRANSFORM_MISSING when it cannot be written
 */
export function writeScaffold({ file, before, yaml }: ScaffoldChange): void {
  if (before === undefined) writeNew(file, yaml)
  else if (before !== yaml) replaceFile(file, yaml)
}

/** What the end of a recording has made. */
export interface WrittenScaffold {
  /** Undefined where none was written. */
  readonly file: string | undefined
  /** As {@link Scaffold} has them. */
  readonly notes: readonly string[]
}

/** The same at the end of a recording: a file that is there stays, and what needs no transforms gets none. */
export function writeScaffoldIfNeeded(sources: ScaffoldSources): WrittenScaffold {
  const { transformsFile } = sources
  if (existsSync(transformsFile)) return { file: undefined, notes: [] }
  const { chains, yaml, notes } = scaffoldFor(sources)
  return { file: chains === 0 ? undefined : writeNew(transformsFile, yaml), notes }
}

function freshScaffold({ snapshot, transformsFile }: ScaffoldSources, pairs: PairSource): Scaffold {
  return scaffold(pairs, { snapshot, schemaPath: schemaPathFrom(transformsFile) })
}

function withSnapshot<T>(
  { snapshot, snapshotsDirectory }: ScaffoldSources,
  work: (pairs: PairSource) => T,
): T {
  const reader = openSnapshot(snapshotFile(snapshotsDirectory, snapshot))
  try {
    return work(reader)
  } finally {
    reader.close()
  }
}

function readDocumentText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new ResealError('TRANSFORM_MISSING', `Cannot read ${file}: ${errorMessage(error)}`, {
      hint: 'Name another file with --transforms.',
      cause: error,
    })
  }
}

/** @returns the file, or undefined when somebody made it in the meantime */
function writeNew(file: string, yaml: string): string | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, yaml, { flag: 'wx' })
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return undefined
    throw unwritable(file, error)
  }
  return file
}

/** In one step, so that a replay that follows the file never reads half of it. */
function replaceFile(file: string, yaml: string): void {
  const beside = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(beside, yaml, { flag: 'wx', mode: statSync(file).mode })
    renameSync(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw unwritable(file, error)
  }
}

function unwritable(file: string, cause: unknown): ResealError {
  return new ResealError('TRANSFORM_MISSING', `Cannot write ${file}: ${errorMessage(cause)}`, {
    hint: 'Name a file in a directory you may write to with --transforms.',
    cause,
  })
}

/** The published schema as the document would name it, when it is near enough to be there for others too. */
function schemaPathFrom(transformsFile: string): string | undefined {
  const schema = fileURLToPath(new URL('../../config/transforms.schema.json', import.meta.url))
  const path = relative(dirname(transformsFile), schema)
  return path.startsWith('../../..') ? undefined : path
}
