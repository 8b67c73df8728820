import { ResealError } from '../core/errors.ts'
import { gatherMistakes } from '../core/mistakes.ts'
import type { PairId, PairSource } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import type { Clock } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import type { Secrets } from '../keys/files/secrets.ts'
import { pairAdder, type AddPair } from './added-pair.ts'
import { compileChain } from './chain.ts'
import type { ChainReport } from './chain-report.ts'
import type { TransformDocument } from './document/definition.ts'
import { historyAfter, NO_HISTORY, type KeyHistory } from './tokens/key-history.ts'
import { keySources } from './tokens/key-sources.ts'
import { createSigningLedger, type LedgerEntry } from './tokens/signing-ledger.ts'
import { bindNonces } from './tokens/nonce-learners.ts'
import { createSharedTokens } from './tokens/shared-tokens.ts'
import { createLearntValues } from './values/learnt-values.ts'
import { recordedRequests, type RecordedRequest } from './values/recorded-request.ts'
import { createVariableBook } from './values/variable-book.ts'
import { clientVariables } from './values/variables.ts'
import { transformedResponses, type TransformedResponse } from './transformed-response.ts'
import { putLearnt, workThrough, type CompileRun, type TraceListener } from './worked-pairs.ts'

export type { ChainReport, StepTrace } from './chain-report.ts'
export type { TransformedResponse } from './transformed-response.ts'
export type { TraceListener } from './worked-pairs.ts'

/** A transform document brought together with a snapshot: what each changed pair serves, and what each step did. */
export interface CompiledTransforms {
  /** Only the pairs that some step changed; all others are served as recorded. */
  readonly responses: ReadonlyMap<PairId, TransformedResponse>
  /** Undoes in a live request what `map` learnt, before it is matched; left out where nothing is learnt. */
  readonly asRecorded?: RecordedRequest
  readonly chains: readonly ChainReport[]
  /** The keys that re-sign, and whether they are the recording's own. */
  readonly keys: readonly LedgerEntry[]
  /** What this plan and those before it have signed with. */
  readonly history: KeyHistory
  /** What was made of key files on reading them, and what no step can do anything about. */
  readonly notes: readonly string[]
  /** Compiles a pair that was stored since. */
  readonly add: AddPair
}

/** Of no document: every pair serves what was recorded. */
export const NO_TRANSFORMS: CompiledTransforms = {
  responses: new Map(),
  chains: [],
  keys: [],
  history: NO_HISTORY,
  notes: [],
  add: () => true,
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
    planners: new Map(),
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
  const tokens = worked.flatMap((work) => work.tokens)
  const nonces = yield* bindNonces(tokens, pairs)
  const seen = { pairs: chains.length === 0 ? 0 : pairs.count }
  const reports = (): readonly ChainReport[] => chains.map((chain) => chain.counts.report(seen.pairs))
  refuseIdle(document, reports())
  const known = clientVariables(variables.initial())
  const responses = yield* transformedResponses([...worked, ...also], nonces, pairs, known)
  return {
    responses,
    ...(run.learnt.size === 0 ? {} : { asRecorded: recordedRequests(known) }),
    get chains() {
      return reports()
    },
    keys,
    history,
    get notes() {
      return [...sources.notes(), ...run.notes]
    },
    add: pairAdder({ chains, run, responses, variables: known, tokens, seen }),
  }
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
