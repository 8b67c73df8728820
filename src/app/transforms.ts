import { readFileSync } from 'node:fs'
import { ResealError, errorMessage, systemErrorCode, type SourcePlace } from '../core/errors.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { SourceSection } from '../core/source-section.ts'
import type { Clock } from '../core/time.ts'
import { openSecrets } from '../keys/files/secrets.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot, type SnapshotReader } from '../store/snapshot-reader.ts'
import {
  compileTransforms,
  type ChainReport,
  type CompiledTransforms,
  type StepTrace,
} from '../transform/compile.ts'
import type { TransformDocument } from '../transform/document/definition.ts'
import type { RedactSource } from './redaction.ts'
import { issuerDefinitions, openRing, type IssuerDefinition, type LiveRing } from './open-issuer.ts'
import { emptyDocument, parseTransformDocument } from '../transform/document/document.ts'
import { sourceExcerpt } from '../core/source-excerpt.ts'

export type { ChainReport, CompiledTransforms }

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
  /** A line for people: keys that come and go. */
  readonly onLog: (line: string) => void
}

/** A snapshot with its transforms compiled, until it is closed. */
export interface LoadedSnapshot {
  readonly reader: SnapshotReader
  /** There was no file: every response is served as recorded. */
  readonly untransformed: boolean
  readonly document: TransformDocument
  readonly transforms: CompiledTransforms
  /** The keys of the issuers beside the replay. */
  readonly rings: readonly LiveRing[]
  close(): void
}

/**
 * Opens a snapshot and compiles its transform document against it.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*
 */
export async function loadSnapshot(sources: TransformSources): Promise<LoadedSnapshot> {
  const source = readTransforms(sources)
  const document = documentOf(source, sources.transformsFile)
  const definitions = uniqueNames([
    ...issuerDefinitions(sources.issuers),
    ...issuerDefinitions(document.issuers),
  ])
  const reader = openSnapshot(snapshotFile(sources.snapshotsDirectory, sources.snapshot))
  const rings: LiveRing[] = []
  const close = (): void => {
    reader.close()
    for (const ring of rings) ring.close()
  }
  try {
    for (const definition of definitions) rings.push(await openRing(definition, sources))
    const transforms = compileTransforms(document, reader, {
      secrets: openSecrets(sources.secretsDirectory),
      rings: new Map(rings.map(({ name, ring }) => [name, ring])),
      clock: sources.clock,
    })
    return { reader, document, transforms, rings, untransformed: source === undefined, close }
  } catch (error) {
    close()
    throw source === undefined ? error : withExcerpt(error, source)
  }
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

/** A step that cannot work is shown in its line, as a mistake in the document would be. */
function withExcerpt(error: unknown, source: string): unknown {
  if (!(error instanceof ResealError) || error.place === undefined || error.excerpt !== undefined)
    return error
  const { code, message, hint, place, cause } = error
  const excerpt = sourceExcerpt(source, place)
  return new ResealError(code, message, { place, excerpt, cause, ...(hint === undefined ? {} : { hint }) })
}

/** A transform document held against its snapshot and secrets. */
export interface TransformCheck {
  readonly file: string
  readonly transforms: CompiledTransforms
  /** Steps that apply nowhere. */
  readonly problems: readonly { readonly message: string; readonly place: SourcePlace }[]
}

/**
 * Compiles a document as a replay would and reports what each step did.
 * @throws ResealError as a replay would at its start, and TRANSFORM_MISSING where a replay would do without
 */
export async function checkTransforms(sources: TransformSources): Promise<TransformCheck> {
  const { document, transforms, close } = await loadSnapshot({ ...sources, transformsRequired: true })
  close()
  const problems = transforms.chains.flatMap(({ id, matched, steps }) =>
    steps
      .filter(({ applied }) => applied === 0)
      .map(({ step, place, reasons }) => {
        const [reason] = [...reasons.keys()]
        const why = matched === 0 ? 'its filters let no pair through' : (reason ?? 'nothing to work on')
        return { message: `${step} of ${id} applies nowhere: ${why}`, place }
      }),
  )
  return { file: document.file, transforms, problems }
}

/** One pair before and after its transforms. */
export interface Preview {
  readonly pair: PairId
  readonly request: string
  readonly before: HttpResponse
  readonly after: HttpResponse
  readonly trace: readonly StepTrace[]
}

/**
 * What a pair would serve at a moment, beside what was recorded.
 * @param only one pair; undefined for every pair that some step changes
 */
export async function preview(
  sources: TransformSources,
  only: PairId | undefined,
  nowMs: EpochMs,
): Promise<readonly Preview[]> {
  const { reader, transforms, close } = await loadSnapshot(sources)
  try {
    const ids = only === undefined ? [...transforms.responses.keys()] : [only]
    const previews: Preview[] = []
    for (const id of ids) {
      const pair = reader.pair(id)
      if (pair?.response === undefined) {
        throw new ResealError('PAIR_MISSING', `Snapshot ${sources.snapshot} has no answered pair ${id}`, {
          hint: `Pairs have numbers from 1; list them with: reseal show ${sources.snapshot}`,
        })
      }
      const changed = transforms.responses.get(id)
      previews.push({
        pair: id,
        request: `${pair.request.method} ${pair.request.target}`,
        before: pair.response,
        after: changed === undefined ? pair.response : await changed.served(nowMs, pair.request),
        trace: changed?.trace ?? [],
      })
    }
    return previews
  } finally {
    close()
  }
}
