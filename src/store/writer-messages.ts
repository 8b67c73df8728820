import { ResealError, errorMessage, type ErrorCode } from '../core/errors.ts'
import type { AskedPair, PairId, RecordedGap, RRPair } from '../core/pair.ts'

/** Says what pairs ask: loaded by the writer's thread, since a function does not travel between threads. */
export interface IndexerModule {
  /** Of a module that exports `openIndexer(options): PairIndexer`. */
  readonly url: string
  readonly options: unknown
}

/** What the writer's thread is started with. */
export interface WriterOrders {
  readonly path: string
  readonly append: boolean
  readonly version: string
  readonly createdAt: number
  /** A commit waits until the disk has it (SQLite `synchronous = FULL` in WAL mode). */
  readonly waitsForDisk: boolean
  readonly migrations: readonly string[]
  /** Undefined for none. */
  readonly indexer: IndexerModule | undefined
}

/** One thing to be written: a pair, the request of one that was written before it had ended, or a gap. */
export type WriterTask =
  | { readonly kind: 'put'; readonly pair: RRPair }
  | { readonly kind: 'amend'; readonly pair: AskedPair }
  | { readonly kind: 'note'; readonly gap: RecordedGap }

/** To the writer's thread. Between a `write` and its answer no other is sent. */
export type WriterRequest =
  | { readonly kind: 'write'; readonly tasks: readonly WriterTask[] }
  | { readonly kind: 'close' }

/** From the writer's thread. */
export type WriterReply =
  | { readonly kind: 'open'; readonly nextId: PairId }
  | { readonly kind: 'refused'; readonly failure: FailureNote }
  | { readonly kind: 'written'; readonly failures: readonly TaskFailure[] }
  | { readonly kind: 'closed'; readonly failure?: FailureNote }

/** A task that was not committed, by its place among the tasks; all others were. */
export interface TaskFailure {
  readonly index: number
  readonly failure: FailureNote
}

/** A ResealError on its way between threads, where classes are lost. */
export interface FailureNote {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  /** The message of what caused it. */
  readonly cause?: string
}

/** @param code for an error that is not a ResealError */
export function failureNote(error: unknown, code: ErrorCode): FailureNote {
  if (!(error instanceof ResealError)) return { code, message: errorMessage(error) }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: errorMessage(error.cause) }),
  }
}

/** The error a note tells of. */
export function failureOf({ code, message, hint, cause }: FailureNote): ResealError {
  return new ResealError(code, message, { ...(hint === undefined ? {} : { hint }), cause })
}
