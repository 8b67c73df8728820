import { ResealError, withPlace, type SourcePlace } from '../core/errors.ts'
import { gatherMistakes } from '../core/mistakes.ts'
import type { BinaryText } from '../core/binary-text.ts'
import type { ChainDefinition } from './document/definition.ts'
import { countChain, type ChainCounts, type StepTrace } from './chain-report.ts'
import { compileCondition } from './filters/condition.ts'
import { compilePairFilter, type PairFilter } from './filters/pair-filter.ts'
import { whenever, type Condition, type Focus } from './message/focus.ts'
import { compileExtractor, compileStep, type CompiledStep } from './steps/compile-step.ts'
import type { StepEnvironment } from './steps/step-environment.ts'
import {
  isNotFound,
  type Extractor,
  type Learn,
  type Learner,
  type Located,
  type Locator,
  type PairWork,
} from './steps/step.ts'

/** A chain ready to run over pairs. */
export interface CompiledChain {
  readonly definition: ChainDefinition
  readonly filter: PairFilter
  readonly counts: ChainCounts
  readonly extractor: Extractor
  readonly steps: readonly CompiledStep[]
  readonly when: Condition | undefined
}

/**
 * Makes a chain of what the user wrote.
 * @throws ResealError when a step cannot work, with its place
 */
export function compileChain(definition: ChainDefinition, environment: StepEnvironment): CompiledChain {
  const extractor = compileExtractor(definition.extractor)
  const mistakes = gatherMistakes()
  const steps = definition.steps.flatMap(
    (step) => mistakes.keep(() => at(step.place, () => compileStep(step, environment))) ?? [],
  )
  mistakes.throwAny()
  const { filters, when } = definition
  return {
    definition,
    filter: compilePairFilter(filters),
    counts: countChain(definition, steps),
    extractor,
    steps,
    when: when && compileCondition(when),
  }
}

/** Runs a chain over a pair that its filters let through: a locator narrows the places, a mutator is given them. */
export function runChain(chain: CompiledChain, work: PairWork): readonly StepTrace[] {
  const { extractor, steps, definition, counts } = chain
  const trace: StepTrace[] = []
  const lessons: Lesson[] = []
  const extracted = extractFrom(extractor, work)
  let places: readonly Focus[] = isNotFound(extracted) ? [] : extracted
  let missing = isNotFound(extracted) ? extracted.notFound : undefined

  for (const step of steps) {
    const done = at(step.place, () => runStep(step, places, work, extractor.side === 'request'))
    const reason = done.applied.length > 0 ? undefined : (missing ?? done.notFound ?? 'nothing to work on')
    if (step.role === 'locator') places = done.applied
    if (step.role === 'locator' && reason !== undefined) missing ??= reason
    const applied = done.applied.map((focus) => focus.path)
    const entry = { chain: definition.id, step: step.name, place: step.place, applied, notFound: reason }
    trace.push(entry)
    counts.count(step, entry)
    const isLesson = step.role === 'mutator' && extractor.side === 'request' && applied.length > 0
    if (isLesson && step.mutator.learn !== undefined) {
      lessons.push({ step, learn: step.mutator.learn, recorded: places.map(({ recorded }) => recorded) })
    }
  }
  if (lessons.length > 0) work.onRequest(learnerOf(chain, lessons))
  return trace
}

function extractFrom(extractor: Extractor, { messages }: PairWork): Located {
  return extractor.side === 'request'
    ? extractor.extract(messages.request)
    : extractor.extract(messages.response)
}

interface StepDone {
  /** Places it found, or changed. */
  readonly applied: readonly Focus[]
  readonly notFound: string | undefined
}

function runStep(step: CompiledStep, places: readonly Focus[], work: PairWork, isRequest: boolean): StepDone {
  if (step.role === 'locator') return locateAll(step.locate, places)
  const { mutate, meet } = step.mutator
  const applied: Focus[] = []
  let notFound: string | undefined
  for (const focus of places) {
    const { when } = work
    const result = isRequest
      ? meet?.(focus.recorded, work)
      : mutate?.(when === undefined ? focus : whenever(focus, when), work)
    if (result === undefined) applied.push(focus)
    else notFound = result.notFound
  }
  return { applied, notFound }
}

function locateAll(locate: Locator, places: readonly Focus[]): StepDone {
  const found: Focus[] = []
  let notFound: string | undefined
  for (const focus of places) {
    const result = locate(focus)
    if (isNotFound(result)) notFound = result.notFound
    // Not spread into push: its arguments are on the stack, and a document has room for more places.
    else for (const place of result) found.push(place)
  }
  return { applied: found, notFound }
}

/** A step that learns, and what was before it in the recorded request. */
interface Lesson {
  readonly step: CompiledStep
  readonly learn: Learn
  readonly recorded: readonly BinaryText[]
}

/** Goes down the chain in the live request as it did in the recorded one. */
function learnerOf({ extractor, steps, when }: CompiledChain, lessons: readonly Lesson[]): Learner {
  return (moment) => {
    if (extractor.side === 'response' || when?.(moment) === false) return
    const extracted = extractor.extract(moment.request)
    let places: readonly Focus[] = isNotFound(extracted) ? [] : extracted
    for (const step of steps) {
      if (step.role === 'locator') places = locateAll(step.locate, places).applied
      for (const { learn, recorded } of lessons.filter((lesson) => lesson.step === step)) {
        for (const [index, place] of places.entries()) {
          learn(place.recorded, recorded[index] ?? recorded[0] ?? '', moment.variables)
        }
      }
    }
  }
}

function at<T>(place: SourcePlace, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof ResealError ? withPlace(error, place) : error
  }
}
