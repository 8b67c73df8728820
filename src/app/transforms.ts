import { ResealError, type SourcePlace } from '../core/errors.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { ChainReport, CompiledTransforms, StepTrace } from '../transform/compile.ts'
import {
  compileSnapshot,
  openRings,
  readSources,
  type LoadedSnapshot,
  type TransformSources,
} from './loaded-snapshot.ts'

export type { ChainReport, CompiledTransforms }

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
  const { document, transforms, close } = await loadOnce({ ...sources, transformsRequired: true })
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
  const { reader, transforms, close } = await loadOnce(sources)
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

/** Everything that a replay would load, until it is closed. */
async function loadOnce(sources: TransformSources): Promise<LoadedSnapshot> {
  const reading = readSources(sources)
  const rings = await openRings(reading, sources)
  try {
    const loaded = compileSnapshot(reading, rings, sources)
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
