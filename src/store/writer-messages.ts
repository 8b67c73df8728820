import { ResealError, errorMessage, type ErrorCode } from '../core/errors.ts'
import type { PairId, RecordedGap, RRPair } from '../core/pair.ts'

/** How surely a commit outlives the machine; either outlives the process, SIGKILL included. */
export type Durability =
  /** The last commits may be lost when the power fails (SQLite `synchronous = NORMAL` in WAL mode). */
  | 'normal'
  /** Each commit waits for the disk (`synchronous = FULL`). */
  | 'full'

/** What the writer's thread is started with. */
export interface WriterOrders {
  readonly path: string
  readonly append: boolean
  readonly version: string
  readonly createdAt: number
  readonly durability: Durability
  readonly migrations: readonly string[]
}

/** Names one `put` or `note` between the threads. */
export type Ticket = number

/** To the writer's thread. */
export type WriterRequest =
  | { readonly kind: 'put'; readonly ticket: Ticket; readonly pair: RRPair }
  | { readonly kind: 'gap'; readonly ticket: Ticket; readonly gap: RecordedGap }
  | { readonly kind: 'close' }

/** From the writer's thread. */
export type WriterReply =
  | { readonly kind: 'open'; readonly nextId: PairId }
  | { readonly kind: 'refused'; readonly failure: FailureNote }
  | { readonly kind: 'written'; readonly results: readonly PutResult[] }
  | { readonly kind: 'closed'; readonly failure?: FailureNote }

/** What became of one pair or gap: committed unless it failed. */
export interface PutResult {
  readonly ticket: Ticket
  readonly failure?: FailureNote
}

/** A ResealError on its way between threads, where classes are lost. */
export interface FailureNote {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
}

/** @param code for an error that is not a ResealError */
export function failureNote(error: unknown, code: ErrorCode): FailureNote {
  if (!(error instanceof ResealError)) return { code, message: errorMessage(error) }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
}

/** The error a note tells of. */
export function failureOf({ code, message, hint }: FailureNote): ResealError {
  return new ResealError(code, message, hint === undefined ? {} : { hint })
}
