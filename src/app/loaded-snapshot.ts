import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ResealError, errorMessage, systemErrorCode } from '../core/errors.ts'
import { inSlices } from '../core/sliced.ts'
import { sourceExcerpt } from '../core/source-excerpt.ts'
import type { SourceSection } from '../core/source-section.ts'
import type { Clock } from '../core/time.ts'
import { openSecrets, type Secrets } from '../keys/files/secrets.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot, type SnapshotReader } from '../store/snapshot-reader.ts'
import { compileTransforms, type CompiledTransforms, type TraceListener } from '../transform/compile.ts'
import type { TransformDocument } from '../transform/document/definition.ts'
import { emptyDocument, parseTransformDocument } from '../transform/document/document.ts'
import { readDataFile } from './data-file.ts'
import type { RedactSource } from './redaction.ts'
import { inodeIn, stampOf } from './snapshot-stamp.ts'
import { issuerDefinitions, openRing, type IssuerDefinition, type LiveRing } from './open-issuer.ts'

/** Which snapshot, with which transforms and secrets. */
export interface TransformSources {
  readonly snapshot: string
  readonly snapshotsDirectory: string
  readonly transformsFile: string
  /** The user named the file: it must be there. */
  readonly transformsRequired: boolean
  readonly secretsDirectory: string
  /** Issuers beside those of the transform document. */
  readonly issuers: SourceSection | undefined
  /** What is redacted besides what the transform document says; default as recordings are by default. */
  readonly redact?: RedactSource
  readonly clock: Clock
  /** Random values are the same for the same seed; default that of a replay. */
  readonly seed?: string
  /** Told what the chains did in each pair that one of them was for. */
  readonly onTrace?: TraceListener
  /** A line for people: keys that come and go. */
  readonly onLog: (line: string) => void
}

/** A snapshot with its transforms compiled, until it is closed. */
export interface LoadedSnapshot {
  readonly file: string
  /** What told the file from others when it was opened, as {@link stampOf} gives it. */
  readonly stamp: string
  /** The file behind the name; another one where another file was renamed into its place. */
  readonly inode: string
  readonly reader: SnapshotReader
  /** There was no file: every response is served as recorded. */
  readonly untransformed: boolean
  readonly document: TransformDocument
  readonly transforms: CompiledTransforms
  /** What was read besides the snapshot: the document and the key files. */
  readonly files: readonly ReadFile[]
  close(): void
}

/** A file as it was when it was read. */
export interface ReadFile {
  readonly path: string
  /** In hex; undefined where there was none. */
  readonly sha256: string | undefined
}

/** A transform document as read, with the issuers that it and the configuration ask for. */
export interface DocumentReading {
  /** Undefined where there is no file and none was asked for by name. */
  readonly source: string | undefined
  readonly document: TransformDocument
  readonly issuers: readonly IssuerDefinition[]
}

/**
 * Reads the transform document.
 * @throws ResealError TRANSFORM_*, CONFIG_INVALID
 */
export function readSources(sources: TransformSources): DocumentReading {
  const source = readTransforms(sources)
  const document = documentOf(source, sources.transformsFile)
  const issuers = uniqueNames([...issuerDefinitions(sources.issuers), ...issuerDefinitions(document.issuers)])
  return { source, document, issuers }
}

/** The document's word on an issuer goes before that of the configuration. */
function uniqueNames(definitions: readonly IssuerDefinition[]): readonly IssuerDefinition[] {
  return [...new Map(definitions.map((definition) => [definition.name, definition])).values()]
}

/**
 * The transform document of a snapshot, the empty one where there is no file.
 * @throws ResealError TRANSFORM_*
 */
export function readDocument(file: string): TransformDocument {
  return documentOf(readTransforms({ transformsFile: file, transformsRequired: false }), file)
}

function documentOf(source: string | undefined, file: string): TransformDocument {
  return source === undefined ? emptyDocument(file) : parseTransformDocument(source, file)
}

/** The text of a transform document; undefined when there is no file and none was asked for by name. */
function readTransforms({
  transformsFile,
  transformsRequired,
}: Pick<TransformSources, 'transformsFile' | 'transformsRequired'>): string | undefined {
  try {
    return readFileSync(transformsFile, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' && !transformsRequired) return undefined
    throw new ResealError('TRANSFORM_MISSING', `Cannot read ${transformsFile}: ${errorMessage(error)}`, {
      hint: 'Write one from what the snapshot holds with: reseal transform scaffold <snapshot>',
      cause: error,
    })
  }
}

/** The keys of all issuers beside a replay. */
export interface OpenRings {
  readonly all: readonly LiveRing[]
  close(): void
}

/** @throws ResealError SECRET_*, KEY_*, CONFIG_INVALID; then none is left open */
export async function openRings({ issuers }: DocumentReading, sources: TransformSources): Promise<OpenRings> {
  const all: LiveRing[] = []
  const close = (): void => {
    for (const ring of all) ring.close()
  }
  try {
    for (const definition of issuers) all.push(await openRing(definition, sources))
    return { all, close }
  } catch (error) {
    close()
    throw error
  }
}

/** How a snapshot is loaded. */
export interface LoadOptions {
  /** Told of each key file as it is read, whatever comes of it. */
  readonly onRead?: (file: ReadFile) => void
  /** Abandons it. */
  readonly signal?: AbortSignal
  /** What served until now. */
  readonly before?: CompiledTransforms | undefined
}

/**
 * Opens the snapshot and compiles the document against it.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*; CONFIG_INVALID where the rings are of other issuers
 */
export async function compileSnapshot(
  { source, document, issuers }: DocumentReading,
  rings: OpenRings,
  sources: TransformSources,
  { onRead = () => {}, signal, before }: LoadOptions = {},
): Promise<LoadedSnapshot> {
  refuseOtherIssuers(issuers, rings, sources)
  const file = snapshotFile(sources.snapshotsDirectory, sources.snapshot)
  // Taken before: what changes while it is read is a change.
  const stamp = stampOf(file)
  const reader = openSnapshot(file)
  const files: ReadFile[] = [
    { path: sources.transformsFile, sha256: source === undefined ? undefined : sha256(source) },
  ]
  try {
    const compiling = compileTransforms(document, reader, {
      secrets: openedSecrets(openSecrets(sources.secretsDirectory), (read) => {
        files.push(read)
        onRead(read)
      }),
      rings: new Map(rings.all.map(({ name, ring }) => [name, ring])),
      clock: sources.clock,
      env: process.env,
      ...(sources.seed === undefined ? {} : { seed: sources.seed }),
      ...(sources.onTrace === undefined ? {} : { onTrace: sources.onTrace }),
      ...(before === undefined ? {} : { before }),
      readData: (path) => {
        const data = readDataFile(dirname(sources.transformsFile), path)
        files.push({ path: join(dirname(sources.transformsFile), path), sha256: sha256(data) })
        return data
      },
    })
    const transforms = await inSlices(compiling, signal)
    const untransformed = source === undefined
    const inode = inodeIn(stamp)
    return { file, stamp, inode, reader, document, transforms, files, untransformed, close: reader.close }
  } catch (error) {
    reader.close()
    throw source === undefined ? error : withExcerpt(error, source)
  }
}

/**
 * Everything that a replay would load, until it is closed.
 * @throws ResealError as a replay does at its start
 */
export async function loadOnce(sources: TransformSources): Promise<LoadedSnapshot> {
  const reading = readSources(sources)
  const rings = await openRings(reading, sources)
  try {
    const loaded = await compileSnapshot(reading, rings, sources)
    const close = (): void => {
      loaded.close()
      rings.close()
    }
    return { ...loaded, close }
  } catch (error) {
    rings.close()
    throw error
  }
}

/** Issuers have listeners and clients of their own, so they last as long as the process. */
function refuseOtherIssuers(
  issuers: readonly IssuerDefinition[],
  { all }: OpenRings,
  { transformsFile }: TransformSources,
): void {
  const open = all.map(({ definition }) => definition)
  if (isDeepStrictEqual(issuers, open)) return
  throw new ResealError(
    'CONFIG_INVALID',
    `The issuers in ${transformsFile} are not those that were started`,
    {
      hint: 'Start reseal anew to change issuers, or change them through the control API.',
    },
  )
}

/** Secrets whose files are told of as they are read. */
function openedSecrets(secrets: Secrets, onRead: (file: ReadFile) => void): Secrets {
  return {
    ...secrets,
    read: (secretPath) => {
      const { path } = secrets.locate(secretPath)
      try {
        const read = secrets.read(secretPath)
        onRead({ path, sha256: sha256(read.bytes) })
        return read
      } catch (error) {
        onRead({ path, sha256: undefined })
        throw error
      }
    },
  }
}

/** In hex. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A step that cannot work is shown in its line, as a mistake in the document would be. */
function withExcerpt<E>(error: E, source: string): E | ResealError {
  if (!(error instanceof ResealError) || error.place === undefined || error.excerpt !== undefined)
    return error
  const { code, message, hint, place, cause } = error
  const excerpt = sourceExcerpt(source, place)
  const parts = error.parts.flatMap((part) => withExcerpt(part, source))
  return new ResealError(code, message, {
    place,
    excerpt,
    parts,
    cause,
    ...(hint === undefined ? {} : { hint }),
  })
}
