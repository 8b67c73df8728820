import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { Compared } from './recorded-paths.ts'

/** A request's response, and what became of the request: its verdict. */
export type ReplayAnswer = ReplayVerdict & {
  readonly response: HttpResponse | Promise<HttpResponse>
  /** Ids of the faults that are in the response; left out where there is none. */
  readonly faults?: readonly string[]
}

/** What became of a request. */
export type ReplayVerdict =
  | { readonly kind: 'hit'; readonly pair: PairId }
  | { readonly kind: 'miss'; readonly near: readonly NearMiss[]; readonly compared?: Compared | undefined }
  /** An issuer beside the recording answered. */
  | { readonly kind: 'issuer' }
  /** A fault answered, and nobody was asked. */
  | { readonly kind: 'fault' }
  /** Its bearer token would not do. */
  | { readonly kind: 'unauthorized' }
  /** It goes to the backend, whose answer is not known yet; until then its status is 0. */
  | { readonly kind: 'passthrough' }

/** Answers with a verdict; without tokens to sign, no promise is made. */
export type Answerer = (request: HttpRequest) => ReplayAnswer

/** One who may have an answer, asked before a request counts as a miss. */
export type OtherAnswerer = (request: HttpRequest) => ReplayAnswer | undefined
