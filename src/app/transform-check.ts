import type { ResealError } from '../core/errors.ts'
import { gatherMistakes } from '../core/mistakes.ts'
import { sourceExcerpt } from '../core/source-excerpt.ts'
import type { ChainReport, CompiledTransforms } from '../transform/compile.ts'
import type { CheckProblem, FoundProblem } from './check-problem.ts'
import { loadOnce, readSources, type LoadedSnapshot, type TransformSources } from './loaded-snapshot.ts'
import { redactRules } from './redaction.ts'
import { auditServed } from './transform-audit.ts'

export type { ChainReport, CompiledTransforms }

/** A transform document held against its snapshot and secrets. */
export interface TransformCheck {
  readonly file: string
  /** Why it does not load: every mistake of the run; empty where it loads. */
  readonly errors: readonly ResealError[]
  /** Undefined where it does not load. */
  readonly transforms: CompiledTransforms | undefined
  readonly problems: readonly CheckProblem[]
}

/**
 * Compiles a document as a replay would and says all that is wrong with it.
 * @param strict looks at what is served as well; it signs every token once
 * @throws ResealError SNAPSHOT_* and CONFIG_INVALID, and TRANSFORM_MISSING where a replay would do without
 */
export async function checkTransforms(given: TransformSources, strict: boolean): Promise<TransformCheck> {
  const sources = { ...given, transformsRequired: true }
  const file = sources.transformsFile
  const mistakes = gatherMistakes()
  const reading = mistakes.keep(() => readSources(sources))
  if (reading !== undefined) mistakes.keep(() => redactRules([reading.document.redact]))
  const loaded = await mistakes.keepAsync(() => loadOnce(sources))
  const errors = mistakes.all()
  if (loaded === undefined || errors.length > 0) {
    loaded?.close()
    const elsewhere = errors.find(({ place }) => place?.file !== file)
    if (elsewhere !== undefined) throw elsewhere
    return { file, errors, transforms: undefined, problems: [] }
  }
  try {
    const { transforms } = loaded
    const found = [
      ...idleSteps(transforms),
      ...(strict ? await auditServed(loaded, file, sources.clock(), sources.snapshot) : []),
    ]
    const problems = found
      .map((problem) => ({ ...problem, excerpt: sourceExcerpt(reading?.source ?? '', problem.place) }))
      .toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
    return { file, errors, transforms, problems }
  } finally {
    loaded.close()
  }
}

function idleSteps({ chains }: LoadedSnapshot['transforms']): readonly FoundProblem[] {
  return chains.flatMap(({ id, matched, steps }) =>
    steps
      .filter(({ applied }) => applied === 0)
      .map(({ step, place, reasons }) => {
        const [reason] = [...reasons.keys()]
        const why = matched === 0 ? 'its filters let no pair through' : (reason ?? 'nothing to work on')
        return {
          rule: 'unused-step',
          severity: 'error',
          message: `${step} of ${id} applies nowhere: ${why}`,
          hint: 'See what happens to one pair with: reseal transform explain <snapshot> <pair>',
          place,
        }
      }),
  )
}
