import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ResealError, systemErrorCode } from '../core/errors.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot } from '../store/snapshot-reader.ts'
import { scaffold, type Scaffold } from '../transform/scaffold.ts'

export interface ScaffoldSources {
  readonly snapshot: string
  readonly snapshotsDirectory: string
  readonly transformsFile: string
}

/** The transform document that a snapshot needs. */
export function scaffoldFor({ snapshot, snapshotsDirectory, transformsFile }: ScaffoldSources): Scaffold {
  const reader = openSnapshot(snapshotFile(snapshotsDirectory, snapshot))
  try {
    return scaffold(reader, { snapshot, schemaPath: schemaPathFrom(transformsFile) })
  } finally {
    reader.close()
  }
}

/**
 * Writes the document that a snapshot needs; a file that is there is never touched.
 * @returns the file, or undefined when there was one
 */
export function writeScaffoldOnce(sources: ScaffoldSources): string | undefined {
  return existsSync(sources.transformsFile) ? undefined : writeNew(sources, scaffoldFor(sources))
}

/** The same at the end of a recording: what needs no transforms gets no document. */
export function writeScaffoldIfNeeded(sources: ScaffoldSources): string | undefined {
  if (existsSync(sources.transformsFile)) return undefined
  const made = scaffoldFor(sources)
  return made.chains === 0 ? undefined : writeNew(sources, made)
}

function writeNew(sources: ScaffoldSources, { yaml }: Scaffold): string | undefined {
  try {
    mkdirSync(dirname(sources.transformsFile), { recursive: true })
    writeFileSync(sources.transformsFile, yaml, { flag: 'wx' })
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return undefined
    throw new ResealError('TRANSFORM_MISSING', `Cannot write ${sources.transformsFile}`, {
      hint: 'Name a file in a directory you may write to with --transforms.',
      cause: error,
    })
  }
  return sources.transformsFile
}

/** The published schema as the document would name it, when it is near enough to be there for others too. */
function schemaPathFrom(transformsFile: string): string | undefined {
  const schema = fileURLToPath(new URL('../../config/transforms.schema.json', import.meta.url))
  const path = relative(dirname(transformsFile), schema)
  return path.startsWith('../../..') ? undefined : path
}
