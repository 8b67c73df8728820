import type { AnsweredPair } from '../../core/pair.ts'
import type { Condition, Focus } from '../message/focus.ts'
import type { Moment } from '../message/live.ts'
import type { RequestMessage } from '../message/request-message.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { SigningLedger } from '../tokens/signing-ledger.ts'
import type { TokenFamily } from '../tokens/token-family.ts'
import type { Variables } from '../values/variables.ts'
import type { LearntValues } from '../values/learnt-values.ts'
import type { VariableBook } from '../values/variable-book.ts'

/** What a locator found: places, or the reason why there are none. */
export type Located = readonly Focus[] | NotFound

/** A step that had nothing to do in a pair; counted, never an error. */
export interface NotFound {
  readonly notFound: string
}

/** Goes from a place to the places inside it. */
export type Locator = (focus: Focus) => Located

/** The recorded messages of one pair. */
export interface PairMessages {
  readonly request: RequestMessage
  readonly response: ResponseMessage
}

/** The places where a chain begins: in the response, where they are changed, or in the request, where they are learnt from. */
export type Extractor =
  | { readonly side: 'response'; readonly extract: (response: ResponseMessage) => Located }
  | { readonly side: 'request'; readonly extract: (request: RequestMessage) => Located }

/** What is known while the chains run over one pair. */
export interface PairWork {
  readonly pair: AnsweredPair
  readonly messages: PairMessages
  readonly tokens: TokenFamily
  readonly ledger: SigningLedger
  readonly variables: VariableBook
  readonly learnt: LearntValues
  /** Under which the chain changes anything; undefined for always. */
  readonly when: Condition | undefined
  /** Tells people of something that no step can do anything about; the same sentence is told once. */
  note(sentence: string): void
  /** Learns from each live request of the pair, before its answer is made. */
  onRequest(learner: Learner): void
  /** Called when every chain has run over every pair, before anything is served. */
  whenAllRan(finish: () => void): void
}

/** Learns from a live request, before its answer is made. */
export type Learner = (moment: Moment) => void

/** Changes a place of the response; undefined says that it did, else the reason why not. */
export type Mutate = (focus: Focus, work: PairWork) => NotFound | undefined

/** Learns from a live request, at the place that was found in it; `recorded` is what the recorded request had there. */
export type Learn = (live: string, recorded: string, variables: Variables) => void

/** A step that changes what is at a place. */
export interface Mutator {
  /** Undefined where the step only makes sense in a chain that begins in the request. */
  readonly mutate?: Mutate
  /** Undefined where the step only makes sense in a chain that begins in the response. */
  readonly learn?: Learn
  /** Told, at load, of each place of a recorded request it will learn from. */
  readonly meet?: (recorded: string, work: PairWork) => NotFound | undefined
}

export function isNotFound(result: Located | NotFound | undefined): result is NotFound {
  return result !== undefined && 'notFound' in result
}
