import { gatherMistakes } from '../core/mistakes.ts'
import type { PairId, RRPair } from '../core/pair.ts'
import type { CompiledChain } from './chain.ts'
import { requestMessage } from './message/request-message.ts'
import { nonceOf, noncesAsked } from './tokens/nonce-learners.ts'
import type { FamilyToken } from './tokens/token-family.ts'
import { transformedResponse, type TransformedResponse } from './transformed-response.ts'
import type { ClientVariables } from './values/variables.ts'
import { pairWorker, withLearnt, type CompileRun, type WorkedPair } from './worked-pairs.ts'

/**
 * Compiles a pair that was stored since all others were, as it would have been with them; false where it changes what
 * others serve, or cannot be served: then nothing may be served that was compiled before, or all is to be compiled anew.
 */
export type AddPair = (pair: RRPair) => boolean

/** What compiling all pairs came to. */
export interface CompiledPairs {
  readonly chains: readonly CompiledChain[]
  readonly run: CompileRun
  /** By pair; the added ones get in here. */
  readonly responses: Map<PairId, TransformedResponse>
  readonly variables: ClientVariables
  /** The recorded tokens that are re-signed. */
  readonly tokens: readonly FamilyToken[]
  /** How many pairs went by. */
  readonly seen: { pairs: number }
}

/** Adds pairs to those that were compiled. */
export function pairAdder({ chains, run, responses, variables, tokens, seen }: CompiledPairs): AddPair {
  const work = pairWorker(chains)
  const nonces = new Set(tokens.flatMap((token) => nonceOf(token) ?? []))
  return (pair) => {
    if (chains.length === 0) return true
    const before = sharedBy(run)
    const own: CompileRun = { ...run, finishers: [], mistakes: gatherMistakes() }
    const worked = work(pair, () => pair, own)
    seen.pairs += 1
    // A JWKS, a key, a variable or a value that is new is one for other pairs as well.
    const isAlone = own.finishers.length === 0 && own.mistakes.all().length === 0 && sharedBy(run) === before
    if (!isAlone || bindsNonce(worked?.tokens ?? [], pair, nonces)) return false
    if (worked !== undefined) run.learnt.applyTo(worked.message)
    const served = worked ?? learntIn(pair, run)
    const response = served && transformedResponse(served, undefined, variables)
    if (response !== undefined) responses.set(pair.id, response)
    return true
  }
}

/** How much there is that pairs have from one another. */
function sharedBy({ ledger, learnt, variables }: CompileRun): string {
  return [ledger.entries().length, learnt.size, variables.initial().size].join(' ')
}

function learntIn(pair: RRPair, { learnt }: CompileRun): WorkedPair | undefined {
  return learnt.size === 0 ? undefined : withLearnt(pair, learnt)
}

/** A token with a nonce may have been asked for by any request, and a request with one may have asked for any token. */
function bindsNonce(tokens: readonly FamilyToken[], pair: RRPair, nonces: ReadonlySet<string>): boolean {
  if (tokens.some((token) => nonceOf(token) !== undefined)) return true
  return nonces.size > 0 && noncesAsked(requestMessage(pair.request)).some((nonce) => nonces.has(nonce))
}
