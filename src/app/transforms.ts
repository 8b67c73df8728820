import { readFileSync } from 'node:fs'
import { ResealError, errorMessage, systemErrorCode, type SourcePlace } from '../core/errors.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import { openSecrets } from '../keys/secrets.ts'
import { snapshotFile } from '../store/snapshot-name.ts'
import { openSnapshot, type SnapshotReader } from '../store/snapshot-reader.ts'
import {
  compileTransforms,
  type ChainReport,
  type CompiledTransforms,
  type StepTrace,
} from '../transform/compile.ts'
import type { TransformDocument } from '../transform/document/definition.ts'
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
}

/** A snapshot with its transforms compiled; the reader is open and the caller's to close. */
export interface LoadedSnapshot {
  readonly reader: SnapshotReader
  readonly document: TransformDocument
  readonly transforms: CompiledTransforms
}

/**
 * Opens a snapshot and compiles its transform document against it.
 * @throws ResealError SNAPSHOT_*, TRANSFORM_*, SECRET_*, KEY_*
 */
export function loadSnapshot(sources: TransformSources): LoadedSnapshot {
  const source = readTransforms(sources)
  const document =
    source === undefined
      ? emptyDocument(sources.transformsFile)
      : parseTransformDocument(source, sources.transformsFile)
  const reader = openSnapshot(snapshotFile(sources.snapshotsDirectory, sources.snapshot))
  try {
    const transforms = compileTransforms(document, reader, openSecrets(sources.secretsDirectory))
    return { reader, document, transforms }
  } catch (error) {
    reader.close()
    throw source === undefined ? error : withExcerpt(error, source)
  }
}

/** The text of a transform document; undefined when there is no file and none was asked for by name. */
function readTransforms({ transformsFile, transformsRequired }: TransformSources): string | undefined {
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
 * @throws ResealError as a replay would at its start
 */
export function checkTransforms(sources: TransformSources): TransformCheck {
  const { reader, document, transforms } = loadSnapshot(sources)
  reader.close()
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
  const { reader, transforms } = loadSnapshot(sources)
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
        after: changed === undefined ? pair.response : await changed.served(nowMs),
        trace: changed?.trace ?? [],
      })
    }
    return previews
  } finally {
    reader.close()
  }
}
