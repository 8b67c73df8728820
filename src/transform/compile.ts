import { ResealError, withPlace, type SourcePlace } from '../core/errors.ts'
import { isWhole, type PairHead, type PairId, type PairSource, type WholePair } from '../core/pair.ts'
import type { Clock } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import type { Secrets } from '../keys/files/secrets.ts'
import type { ChainDefinition, TransformDocument } from './document/definition.ts'
import { compileFilters, type PairFilter } from './filters.ts'
import type { Focus } from './message/focus.ts'
import { keySources } from './tokens/key-sources.ts'
import type { SigningEnvironment } from './tokens/resign-planner.ts'
import { responseMessage, type ResponseMessage, type ServedResponse } from './message/response-message.ts'
import { createSigningLedger, type LedgerEntry, type SigningLedger } from './tokens/signing-ledger.ts'
import { isNotFound, type PairWork } from './steps/step.ts'
import { compileStep, extract, type CompiledStep } from './steps/compile-step.ts'
import { createTokenFamily } from './tokens/token-family.ts'

/** A transform document brought together with a snapshot: what each changed pair serves, and what each step did. */
export interface CompiledTransforms {
  /** Only the pairs that some step changed; all others are served as recorded. */
  readonly responses: ReadonlyMap<PairId, TransformedResponse>
  readonly chains: readonly ChainReport[]
  /** The keys that re-sign, and whether they are the recording's own. */
  readonly keys: readonly LedgerEntry[]
  /** What was made of key files on reading them. */
  readonly notes: readonly string[]
}

export interface TransformedResponse {
  readonly served: ServedResponse
  readonly trace: readonly StepTrace[]
}

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

/** What compiling needs besides the document and the pairs. */
export interface CompileEnvironment {
  readonly secrets: Secrets
  /** The key rings of issuers, by name. */
  readonly rings?: ReadonlyMap<string, KeyRing>
  readonly clock: Clock
}

/**
 * Runs every chain over every whole pair, once. Whatever cannot work fails here and not when a request comes.
 * @throws ResealError KEY_*, SECRET_* with the place of the step
 */
export function compileTransforms(
  document: TransformDocument,
  pairs: PairSource,
  { secrets, rings = new Map(), clock }: CompileEnvironment,
): CompiledTransforms {
  const sources = keySources(secrets)
  const environment = { sources, rings, clock }
  const chains = document.responder.map((chain) => compileChain(chain, environment))
  const ledger = createSigningLedger()
  const worked: WorkedPair[] = []
  const finishers: (() => void)[] = []

  for (const head of chains.length === 0 ? [] : pairs.heads()) {
    const matching = chains.filter((chain) => chain.counts.see(chain.filter(head)))
    const pair = matching.length === 0 ? undefined : wholePair(head, pairs)
    if (pair === undefined) continue
    worked.push(workOn(pair, matching, ledger, (finish) => finishers.push(finish)))
  }
  for (const finish of finishers) finish()

  const changed = worked.filter(({ message }) => message.touched)
  return {
    responses: new Map(
      changed.map(({ message, trace }) => [message.pair.id, { served: message.served(), trace }]),
    ),
    chains: chains.map((chain) => chain.counts.report()),
    keys: ledger.entries(),
    notes: sources.notes(),
  }
}

interface CompiledChain {
  readonly definition: ChainDefinition
  readonly filter: PairFilter
  readonly steps: readonly CompiledStep[]
  readonly counts: ChainCounts
}

interface WorkedPair {
  readonly message: ResponseMessage
  readonly trace: readonly StepTrace[]
}

function compileChain(definition: ChainDefinition, environment: SigningEnvironment): CompiledChain {
  const steps = definition.steps.map((step) => at(step.place, () => compileStep(step, environment)))
  return {
    definition,
    filter: compileFilters(definition.filters),
    steps,
    counts: countChain(definition, steps),
  }
}

function wholePair(head: PairHead, pairs: PairSource): WholePair | undefined {
  const pair = pairs.pair(head.id)
  return pair !== undefined && isWhole(pair) ? pair : undefined
}

function workOn(
  pair: WholePair,
  chains: readonly CompiledChain[],
  ledger: SigningLedger,
  whenAllRan: (finish: () => void) => void,
): WorkedPair {
  const message = responseMessage(pair)
  const tokens = createTokenFamily(pair.at)
  const work: PairWork = { pair, tokens, ledger, whenAllRan }
  const trace = chains.flatMap((chain) => runChain(chain, message, work))
  tokens.tie()
  return { message, trace }
}

/** A chain goes down its steps: a locator narrows the places, a mutator changes those it is given. */
function runChain(chain: CompiledChain, message: ResponseMessage, work: PairWork): readonly StepTrace[] {
  const trace: StepTrace[] = []
  const extracted = extract(chain.definition.extractor, message)
  let places: readonly Focus[] = isNotFound(extracted) ? [] : extracted
  let missing = isNotFound(extracted) ? extracted.notFound : undefined

  for (const step of chain.steps) {
    const done = at(step.place, () => runStep(step, places, work))
    const reason = done.applied.length > 0 ? undefined : (missing ?? done.notFound ?? 'nothing to work on')
    if (step.kind === 'locator') places = done.places
    if (step.kind === 'locator' && reason !== undefined) missing ??= reason
    const applied = done.applied.map((focus) => focus.path)
    const entry = {
      chain: chain.definition.id,
      step: step.name,
      place: step.place,
      applied,
      notFound: reason,
    }
    trace.push(entry)
    chain.counts.count(step, entry)
  }
  return trace
}

interface StepDone {
  readonly applied: readonly Focus[]
  readonly places: readonly Focus[]
  readonly notFound: string | undefined
}

function runStep(step: CompiledStep, places: readonly Focus[], work: PairWork): StepDone {
  const applied: Focus[] = []
  const found: Focus[] = []
  let notFound: string | undefined
  for (const focus of places) {
    const result = step.kind === 'locator' ? step.locate(focus) : step.mutate(focus, work)
    if (isNotFound(result)) notFound = result.notFound
    else if (result === undefined) applied.push(focus)
    else found.push(...result)
  }
  return { applied: step.kind === 'locator' ? found : applied, places: found, notFound }
}

interface ChainCounts {
  /** Counts a pair the filters let through or kept out; gives the verdict back. */
  see(matched: boolean): boolean
  count(step: CompiledStep, trace: StepTrace): void
  report(): ChainReport
}

function countChain(definition: ChainDefinition, steps: readonly CompiledStep[]): ChainCounts {
  const counts = new Map(
    steps.map((step) => [step, { applied: 0, notFound: 0, reasons: new Map<string, number>() }]),
  )
  let matched = 0
  let filtered = 0
  return {
    see: (fits) => {
      if (fits) matched += 1
      else filtered += 1
      return fits
    },
    count: (step, { applied, notFound }) => {
      const count = counts.get(step)
      if (count === undefined) return
      count.applied += applied.length
      if (notFound === undefined) return
      count.notFound += 1
      count.reasons.set(notFound, (count.reasons.get(notFound) ?? 0) + 1)
    },
    report: () => ({
      id: definition.id,
      place: definition.place,
      matched,
      filtered,
      steps: [...counts].map(([step, count]) => ({ step: step.name, place: step.place, ...count, filtered })),
    }),
  }
}

function at<T>(place: SourcePlace, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof ResealError ? withPlace(error, place) : error
  }
}
