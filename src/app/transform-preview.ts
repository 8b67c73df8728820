import { ResealError } from '../core/errors.ts'
import type { HttpResponse } from '../core/exchange.ts'
import { isAnswered, type PairId, type PairSource, type AnsweredPair } from '../core/pair.ts'
import type { EpochMs } from '../core/time.ts'
import type { StepTrace } from '../transform/compile.ts'
import { loadOnce, type TransformSources } from './loaded-snapshot.ts'

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
 * @throws ResealError as a replay does at its start, PAIR_MISSING
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
      const pair = answeredPair(reader, id, sources.snapshot)
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

/** @throws ResealError PAIR_MISSING for a pair that is not there, or that a replay does not serve */
export function answeredPair(pairs: PairSource, id: PairId, snapshot: string): AnsweredPair {
  const pair = pairs.pair(id)
  if (pair !== undefined && isAnswered(pair)) return pair
  throw new ResealError('PAIR_MISSING', `Snapshot ${snapshot} has no answered pair ${id}`, {
    hint: `Pairs have numbers from 1; list them with: reseal show ${snapshot}`,
  })
}
