import type { Mistakes } from '../core/mistakes.ts'
import { isAnswered, type PairHead, type PairId, type PairSource, type RRPair } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import { runChain, type CompiledChain } from './chain.ts'
import { asksForTokens, chainIndex, traitsOf } from './chain-index.ts'
import type { StepTrace } from './chain-report.ts'
import type { FilteredPair } from './filters/pair-filter.ts'
import { requestMessage } from './message/request-message.ts'
import { responseMessage, type ResponseMessage } from './message/response-message.ts'
import type { Learner, PairMessages } from './steps/step.ts'
import type { SharedTokens } from './tokens/shared-tokens.ts'
import type { SigningLedger } from './tokens/signing-ledger.ts'
import { createTokenFamily, type FamilyToken } from './tokens/token-family.ts'
import type { LearntValues } from './values/learnt-values.ts'
import type { VariableBook } from './values/variable-book.ts'

/** Told what the chains that are for a pair did in it. */
export type TraceListener = (pair: PairId, trace: readonly StepTrace[]) => void

/** What chains gather while they run. */
export interface CompileRun {
  readonly ledger: SigningLedger
  readonly variables: VariableBook
  readonly learnt: LearntValues
  readonly shared: SharedTokens
  readonly notes: Set<string>
  /** To be called when every chain has run over every pair. */
  readonly finishers: (() => void)[]
  /** A chain that cannot work on one pair is tried on the others, so that all that is wrong is told. */
  readonly mistakes: Mistakes
  readonly onTrace: TraceListener
}

/** A pair of which the chains that are for it made something. */
export interface WorkedPair {
  readonly message: ResponseMessage
  readonly trace: readonly StepTrace[]
  readonly learners: readonly Learner[]
  readonly tokens: readonly FamilyToken[]
}

/** Runs the chains over every pair that they are for. */
export function* workThrough(
  chains: readonly CompiledChain[],
  pairs: PairSource,
  run: CompileRun,
): Sliced<readonly WorkedPair[]> {
  const worked: WorkedPair[] = []
  if (chains.length === 0) return worked
  const work = pairWorker(chains)
  let read = 0
  for (const page of pairs.headPages(traitsOf(chains))) {
    read += page.length
    for (const head of page) {
      const one = work(head, () => pairs.pair(head.id), run)
      if (one !== undefined) worked.push(one)
      yield
    }
    yield
  }
  for (const { definition, counts } of chains) {
    if (asksForTokens(definition)) counts.passOver(pairs.count - read, 'no JWT in it')
  }
  return worked
}

/** Runs the chains that are for a pair over it, which is read only then; undefined where nothing came of it. */
export function pairWorker(
  chains: readonly CompiledChain[],
): (head: PairHead, read: () => RRPair | undefined, run: CompileRun) => WorkedPair | undefined {
  const candidates = chainIndex(chains)
  return (head, read, run) => {
    const pair = filteredPair(head, read)
    const matching = candidates(head).filter((chain) => chain.filter(pair))
    for (const chain of matching) chain.counts.see()
    const messages = matching.length === 0 ? undefined : pair.messages()
    return messages && workOn(messages, matching, run)
  }
}

function filteredPair(head: PairHead, read: () => RRPair | undefined): FilteredPair {
  let opened: { readonly messages: PairMessages | undefined } | undefined
  return { head, messages: () => (opened ??= { messages: openMessages(read()) }).messages }
}

function openMessages(pair: RRPair | undefined): PairMessages | undefined {
  if (pair === undefined || !isAnswered(pair)) return undefined
  return { request: requestMessage(pair.request), response: responseMessage(pair) }
}

/** @returns undefined where nothing came of it: of a large snapshot, most pairs are not worth keeping in memory */
function workOn(
  messages: PairMessages,
  chains: readonly CompiledChain[],
  run: CompileRun,
): WorkedPair | undefined {
  const { pair } = messages.response
  const finishers = run.finishers.length
  const tokens = createTokenFamily(pair.at, run.shared)
  const { ledger, variables, learnt } = run
  const whenAllRan = (finish: () => void): unknown => run.finishers.push(finish)
  const note = (sentence: string): unknown => run.notes.add(sentence)
  const learners: Learner[] = []
  const onRequest = (learner: Learner): unknown => learners.push(learner)
  const about = { pair, messages, tokens, ledger, variables, learnt, note, onRequest, whenAllRan }
  const trace = chains.flatMap(
    (chain) => run.mistakes.keep(() => runChain(chain, { ...about, when: chain.when })) ?? [],
  )
  tokens.tie()
  run.onTrace(pair.id, trace)
  const message = messages.response
  const members = tokens.members()
  const isIdle = learners.length === 0 && members.length === 0 && run.finishers.length === finishers
  return isIdle && !message.touched ? undefined : { message, trace, learners, tokens: members }
}

/** What was learnt is put into every response that has it, whether a chain changes the pair or not. */
export function* putLearnt(
  worked: readonly WorkedPair[],
  pairs: PairSource,
  learnt: LearntValues,
): Sliced<readonly WorkedPair[]> {
  if (learnt.size === 0) return []
  for (const { message } of worked) {
    learnt.applyTo(message)
    yield
  }
  const known = new Set(worked.map(({ message }) => message.pair.id))
  const others: WorkedPair[] = []
  for (const page of pairs.headPages()) {
    for (const { id } of page) {
      const other = known.has(id) ? undefined : withLearnt(pairs.pair(id), learnt)
      if (other !== undefined) others.push(other)
      yield
    }
  }
  return others
}

/** A pair that no chain is for, with what was learnt put into its response; undefined where it has none of it. */
export function withLearnt(pair: RRPair | undefined, learnt: LearntValues): WorkedPair | undefined {
  const message = openMessages(pair)?.response
  if (message === undefined) return undefined
  learnt.applyTo(message)
  return message.touched ? { message, trace: [], learners: [], tokens: [] } : undefined
}
