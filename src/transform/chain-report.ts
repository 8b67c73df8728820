import type { SourcePlace } from '../core/errors.ts'
import type { ChainDefinition } from './document/definition.ts'
import type { CompiledStep } from './steps/compile-step.ts'

/** What one step did in one pair. */
export interface StepTrace {
  readonly chain: string
  readonly step: string
  readonly place: SourcePlace
  /** Places it changed; empty when it found nothing. */
  readonly applied: readonly string[]
  readonly notFound: string | undefined
}

export interface ChainReport {
  readonly id: string
  readonly place: SourcePlace
  /** Pairs its filters let through. */
  readonly matched: number
  /** Pairs its filters kept out. */
  readonly filtered: number
  readonly steps: readonly StepReport[]
}

export interface StepReport {
  readonly step: string
  readonly place: SourcePlace
  /** Places where it did its work. */
  readonly applied: number
  /** Pairs in which it had nothing to do, and why. */
  readonly notFound: number
  readonly reasons: ReadonlyMap<string, number>
  readonly filtered: number
}

/** Counts what a chain does while the pairs go by. */
export interface ChainCounts {
  /** Its filters let a pair through. */
  see(): void
  count(step: CompiledStep, trace: StepTrace): void
  /** So many pairs more are let through, and its steps have nothing to do in them. */
  passOver(pairs: number, reason: string): void
  /** @param pairs how many went by */
  report(pairs: number): ChainReport
}

export function countChain(definition: ChainDefinition, steps: readonly CompiledStep[]): ChainCounts {
  const counts = new Map(
    steps.map((step) => [step, { applied: 0, notFound: 0, reasons: new Map<string, number>() }]),
  )
  let matched = 0
  return {
    see: () => {
      matched += 1
    },
    count: (step, { applied, notFound }) => {
      const count = counts.get(step)
      if (count === undefined) return
      count.applied += applied.length
      if (notFound === undefined) return
      count.notFound += 1
      count.reasons.set(notFound, (count.reasons.get(notFound) ?? 0) + 1)
    },
    passOver: (pairs, reason) => {
      if (pairs === 0) return
      matched += pairs
      for (const count of counts.values()) {
        count.notFound += pairs
        count.reasons.set(reason, (count.reasons.get(reason) ?? 0) + pairs)
      }
    },
    report: (pairs) => ({
      id: definition.id,
      place: definition.place,
      matched,
      filtered: pairs - matched,
      steps: [...counts].map(([step, count]) => ({
        step: step.name,
        place: step.place,
        ...count,
        filtered: pairs - matched,
      })),
    }),
  }
}
