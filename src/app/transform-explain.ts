import type { PairId } from '../core/pair.ts'
import { explainPair, type ChainExplanation } from '../transform/explain.ts'
import type { StepTrace } from '../transform/compile.ts'
import { loadOnce, type TransformSources } from './loaded-snapshot.ts'
import { answeredPair } from './transform-preview.ts'

export type { ChainExplanation }

/** What each chain of a document does in one pair. */
export interface PairExplanation {
  readonly pair: PairId
  readonly file: string
  /** Method and target. */
  readonly request: string
  readonly status: number
  readonly chains: readonly ChainExplanation[]
}

/**
 * Compiles the document as a replay would and says what its chains do in one pair.
 * @throws ResealError as a replay does at its start, PAIR_MISSING
 */
export async function explainTransforms(given: TransformSources, id: PairId): Promise<PairExplanation> {
  let trace: readonly StepTrace[] = []
  const sources: TransformSources = {
    ...given,
    transformsRequired: true,
    onTrace: (pair, steps) => {
      if (pair === id) trace = steps
    },
  }
  const { reader, document, close } = await loadOnce(sources)
  try {
    const pair = answeredPair(reader, id, sources.snapshot)
    return {
      pair: id,
      file: document.file,
      request: `${pair.request.method} ${pair.request.target}`,
      status: pair.response.status,
      chains: explainPair(document, pair, trace),
    }
  } finally {
    close()
  }
}
