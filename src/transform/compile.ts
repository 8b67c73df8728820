import { ResealError } from '../core/errors.ts'
import type { Jwt } from '../core/jwt.ts'
import { gatherMistakes, type Mistakes } from '../core/mistakes.ts'
import { isAnswered, type PairHead, type PairId, type PairSource, type AnsweredPair } from '../core/pair.ts'
import type { HttpRequest } from '../core/exchange.ts'
import type { Sliced } from '../core/sliced.ts'
import type { Clock, EpochMs } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import type { Secrets } from '../keys/files/secrets.ts'
import { compileChain, runChain, type CompiledChain, type Learner } from './chain.ts'
import type { ChainReport, StepTrace } from './chain-report.ts'
import { chainIndex, traitsOf } from './chain-index.ts'
import type { TransformDocument } from './document/definition.ts'
import type { FilteredPair } from './filters/pair-filter.ts'
import type { Moment } from './message/live.ts'
import { requestMessage, type RequestMessage } from './message/request-message.ts'
import {
  responseMessage,
  type MomentResponse,
  type ResponseMessage,
  type ServedResponse,
} from './message/response-message.ts'
import type { PairMessages } from './steps/step.ts'
import { historyAfter, NO_HISTORY, type KeyHistory } from './tokens/key-history.ts'
import { keySources } from './tokens/key-sources.ts'
import { createSigningLedger, type LedgerEntry, type SigningLedger } from './tokens/signing-ledger.ts'
import { bindNonces } from './tokens/nonce-learners.ts'
import { createSharedTokens, type SharedTokens } from './tokens/shared-tokens.ts'
import { createTokenFamily, type FamilyToken } from './tokens/token-family.ts'
import { createLearntValues, type LearntValues } from './values/learnt-values.ts'
import { createVariableBook, type VariableBook } from './values/variable-book.ts'
import { clientVariables, type ClientVariables, type Variables } from './values/variables.ts'

export type { ChainReport, StepTrace } from './chain-report.ts'

/** A transform document brought together with a snapshot: what each changed pair serves, and what each step did. */
export interface CompiledTransforms {
  /** Only the pairs that some step changed; all others are served as recorded. */
  readonly responses: ReadonlyMap<PairId, TransformedResponse>
  readonly chains: readonly ChainReport[]
  /** The keys that re-sign, and whether they are the recording's own. */
  readonly keys: readonly LedgerEntry[]
  /** What this plan and those before it have signed with. */
  readonly history: KeyHistory
  /** What was made of key files on reading them, and what no step can do anything about. */
  readonly notes: readonly string[]
}

export interface TransformedResponse {
  readonly served: ServedResponse
  readonly trace: readonly StepTrace[]
  /** The recorded tokens that are re-signed in it. */
  readonly resigned: readonly Jwt[]
}

/** What compiling needs besides the document and the pairs. */
export interface CompileEnvironment {
  readonly secrets: Secrets
  /** The key rings of issuers, by name. */
  readonly rings?: ReadonlyMap<string, KeyRing>
  readonly clock: Clock
  /** Environment variables that `${{env_var:NAME}}` may name; default none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Random values are the same for the same seed; default `reseal`. */
  readonly seed?: string
  /** Reads a file beside the transform document; without it, steps that name one are refused. */
  readonly readData?: (path: string) => string
  /** The plan before: keys that it signed with are published for their transition. Default none. */
  readonly before?: Pick<CompiledTransforms, 'keys' | 'history'>
  /** Told what the chains did in each pair that one of them was for. */
  readonly onTrace?: TraceListener
}

/** Told what the chains that are for a pair did in it. */
export type TraceListener = (pair: PairId, trace: readonly StepTrace[]) => void

/**
 * Runs every chain over every pair that has an answer, once. Whatever cannot work fails here and not when a request
 * comes.
 * @throws ResealError KEY_*, SECRET_*, TRANSFORM_INVALID with the place of the step
 */
export function* compileTransforms(
  document: TransformDocument,
  pairs: PairSource,
  given: CompileEnvironment,
): Sliced<CompiledTransforms> {
  const { secrets, rings = new Map(), clock, env = {}, seed = 'reseal' } = given
  const { readData = refuseFile, onTrace = () => {}, before = { keys: [], history: NO_HISTORY } } = given
  const sources = keySources(secrets)
  const variables = createVariableBook()
  const environment = {
    sources,
    rings,
    clock,
    secrets,
    env,
    seed,
    variables,
    readData,
    history: before.history,
  }
  const mistakes = gatherMistakes()
  const chains = document.responder.flatMap(
    (chain) => mistakes.keep(() => compileChain(chain, environment)) ?? [],
  )
  mistakes.throwAny()
  const run: CompileRun = {
    ledger: createSigningLedger(),
    variables,
    learnt: createLearntValues(),
    shared: createSharedTokens(),
    notes: new Set(),
    finishers: [],
    mistakes,
    onTrace,
  }
  const worked = yield* workThrough(chains, pairs, run)
  mistakes.throwAny()
  const keys = run.ledger.entries()
  const history = historyAfter(before.history, before.keys, keys, run.ledger.isPublished, clock())
  run.ledger.retire(history.retiring)
  for (const finish of run.finishers) finish()
  const also = yield* putLearnt(worked, pairs, run.learnt)
  const nonces = yield* bindNonces(
    worked.flatMap(({ tokens }) => tokens),
    pairs,
  )
  const seen = chains.length === 0 ? 0 : pairs.count
  const reports = chains.map((chain) => chain.counts.report(seen))
  refuseIdle(document, reports)
  const known = clientVariables(variables.initial())
  return {
    responses: yield* responsesOf([...worked, ...also], nonces, pairs, known),
    chains: reports,
    keys,
    history,
    notes: [...sources.notes(), ...run.notes],
  }
}

/** What chains gather while they run. */
interface CompileRun {
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

interface WorkedPair {
  readonly message: ResponseMessage
  readonly trace: readonly StepTrace[]
  readonly learners: readonly Learner[]
  readonly tokens: readonly FamilyToken[]
}

function* workThrough(
  chains: readonly CompiledChain[],
  pairs: PairSource,
  run: CompileRun,
): Sliced<readonly WorkedPair[]> {
  const worked: WorkedPair[] = []
  if (chains.length === 0) return worked
  const candidates = chainIndex(chains)
  for (const page of pairs.headPages(traitsOf(chains))) {
    for (const head of page) {
      const pair = filteredPair(head, pairs)
      const matching = candidates(head).filter((chain) => chain.filter(pair))
      for (const chain of matching) chain.counts.see()
      const messages = matching.length === 0 ? undefined : pair.messages()
      const work = messages && workOn(messages, matching, run)
      if (work !== undefined) worked.push(work)
      yield
    }
    yield
  }
  return worked
}

function filteredPair(head: PairHead, pairs: PairSource): FilteredPair {
  let opened: { readonly messages: PairMessages | undefined } | undefined
  return {
    head,
    messages: () => (opened ??= { messages: openMessages(pairs.pair(head.id)) }).messages,
  }
}

function openMessages(pair: ReturnType<PairSource['pair']>): PairMessages | undefined {
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
  const about = { pair, messages, tokens, ledger, variables, learnt, note, whenAllRan }
  const runs = chains.flatMap(
    (chain) => run.mistakes.keep(() => runChain(chain, { ...about, when: chain.when })) ?? [],
  )
  tokens.tie()
  const trace = runs.flatMap((one) => one.trace)
  run.onTrace(pair.id, trace)
  const message = messages.response
  const learners = runs.flatMap(({ learner }) => learner ?? [])
  const members = tokens.members()
  const isIdle = learners.length === 0 && members.length === 0 && run.finishers.length === finishers
  return isIdle && !message.touched ? undefined : { message, trace, learners, tokens: members }
}

/** What was learnt is put into every response that has it, whether a chain changes the pair or not. */
function* putLearnt(
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
      const messages = known.has(id) ? undefined : openMessages(pairs.pair(id))
      if (messages === undefined) continue
      learnt.applyTo(messages.response)
      if (messages.response.touched)
        others.push({ message: messages.response, trace: [], learners: [], tokens: [] })
      yield
    }
  }
  return others
}

function refuseFile(path: string): string {
  throw new ResealError('TRANSFORM_INVALID', `The file ${path} cannot be read here`, {
    hint: 'Write the table into the document, as text.',
  })
}

/** @throws ResealError TRANSFORM_INVALID for a chain with `require` that applies nowhere */
function refuseIdle({ responder }: TransformDocument, reports: readonly ChainReport[]): void {
  for (const [index, { steps, matched }] of reports.entries()) {
    const chain = responder[index]
    const idle = steps.find(({ applied }) => applied === 0)
    if (chain?.require !== true || idle === undefined) continue
    const [reason = 'nothing to work on'] = idle.reasons.keys()
    const why = matched === 0 ? 'its filters let no pair through' : reason
    throw new ResealError('TRANSFORM_INVALID', `${idle.step} of ${chain.id} applies nowhere: ${why}`, {
      place: idle.place,
      hint: 'The chain has require: true. Look at its filters and paths, or remove it.',
    })
  }
}

function* responsesOf(
  worked: readonly WorkedPair[],
  nonces: ReadonlyMap<PairId, Learner>,
  pairs: PairSource,
  variables: ClientVariables,
): Sliced<ReadonlyMap<PairId, TransformedResponse>> {
  const responses = new Map<PairId, TransformedResponse>()
  for (const { message, trace, learners, tokens } of worked) {
    const { id } = message.pair
    const nonce = nonces.get(id)
    const all = nonce === undefined ? learners : [...learners, nonce]
    if (!message.touched && all.length === 0) continue
    // A token learns on the way that another step changed it; those that hash it must know before.
    if (tokens.length > 1) message.served()
    const response = message.touched ? message.served() : recordedResponse(message.pair)
    const resigned = tokens.map(({ recorded }) => recorded)
    responses.set(id, { served: servedBy(response, all, variables), trace, resigned })
    yield
  }
  for (const [id, learner] of nonces) {
    const pair = responses.has(id) ? undefined : pairs.pair(id)
    if (pair === undefined || !isAnswered(pair)) continue
    const served = servedBy(recordedResponse(pair), [learner], variables)
    responses.set(id, { served, trace: [], resigned: [] })
    yield
  }
  return responses
}

function recordedResponse({ response }: AnsweredPair): MomentResponse {
  return () => response
}

function servedBy(
  response: MomentResponse,
  learners: readonly Learner[],
  variables: ClientVariables,
): ServedResponse {
  return (nowMs, request, client) => {
    const moment = momentOf(nowMs, request, variables(client))
    for (const learn of learners) learn(moment)
    return response(moment)
  }
}

/** Most answers never look at the request: it is opened when one does. */
function momentOf(nowMs: EpochMs, request: HttpRequest, variables: Variables): Moment {
  let opened: RequestMessage | undefined
  return {
    nowMs,
    variables,
    get request() {
      return (opened ??= requestMessage(request))
    },
  }
}
