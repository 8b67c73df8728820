import type { WholePair } from '../../core/pair.ts'
import type { Focus } from '../message/focus.ts'
import type { SigningLedger } from '../tokens/signing-ledger.ts'
import type { TokenFamily } from '../tokens/token-family.ts'

/** What a locator found: places, or the reason why there are none. */
export type Located = readonly Focus[] | NotFound

/** A step that had nothing to do in a pair; counted, never an error. */
export interface NotFound {
  readonly notFound: string
}

/** Goes from a place to the places inside it. */
export type Locator = (focus: Focus) => Located

/** What is known while the chains run over one pair. */
export interface PairWork {
  readonly pair: WholePair
  readonly tokens: TokenFamily
  readonly ledger: SigningLedger
  /** Called when every chain has run over every pair, before anything is served. */
  whenAllRan(finish: () => void): void
}

/** Changes a place; undefined says that it did, else the reason why not. */
export type Mutator = (focus: Focus, work: PairWork) => NotFound | undefined

export function isNotFound(result: Located | NotFound | undefined): result is NotFound {
  return result !== undefined && 'notFound' in result
}
