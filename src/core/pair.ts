import type { BinaryText } from './binary-text.ts'
import type { HttpRequest, HttpResponse, Outcome, RequestHead, ResponseHead } from './exchange.ts'
import type { AskedColumns } from './asked-columns.ts'
import type { Tags } from './tags.ts'
import type { EpochMs } from './time.ts'

/** 1-based position of a pair in its snapshot, in order of arrival. */
export type PairId = number

/** The listener a pair came in by, and where it was forwarded. */
export interface Route {
  /** `host:port` as bound while recording. */
  readonly listen: string
  /** Origin of the upstream, such as `https://staging.example.com`. */
  readonly target: string
  /** What the recording says of the pairs that came this way; left out where it says nothing. */
  readonly tags?: Tags
}

/** What is known of a recorded exchange besides its messages. */
export interface PairFacts {
  readonly id: PairId
  /** When the request's head had arrived. */
  readonly at: EpochMs
  /** From `at` to the response's head; undefined when none came. */
  readonly firstByteMs: number | undefined
  /** From `at` to the exchange's end. */
  readonly tookMs: number
  readonly route: Route
  readonly outcome: Outcome
  /** What broke, for an outcome other than `complete`; or why frames of a WebSocket are missing. */
  readonly error: string | undefined
  /** Content bytes that passed, whether stored or not. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** The stored body, or the frames of a WebSocket, are only the beginning of what passed (`--max-body`). */
  readonly requestTruncated: boolean
  readonly responseTruncated: boolean
}

/** A recorded request and its response, frozen at capture. */
export interface RRPair extends PairFacts {
  readonly request: HttpRequest
  /** Undefined when the upstream gave none. */
  readonly response: HttpResponse | undefined
}

/** A pair without its bodies and trailers, as listings read it. */
export interface PairHead extends PairFacts {
  readonly request: RequestHead
  readonly response: ResponseHead | undefined
}

/** A pair without the content of its response: what was asked, as an index reads it. */
export interface AskedPair extends PairFacts {
  readonly request: HttpRequest
  readonly response: ResponseHead | undefined
}

/** A pair and its request, without how it came to be or was answered. */
export interface RecordedRequest {
  readonly id: PairId
  readonly request: HttpRequest
}

/** What of a pair its answer is made of. */
export interface AnsweringPair extends Pick<
  PairFacts,
  'outcome' | 'error' | 'firstByteMs' | 'tookMs' | 'requestTruncated' | 'responseTruncated'
> {
  readonly request: Pick<RequestHead, 'method'>
  readonly response: HttpResponse | undefined
  /** Where the body can be read again; left out where it is not in one piece, or there is none. */
  readonly bodyPlace?: BodyPlace | undefined
}

/** Where the bytes of a body lie in one piece in the file of a snapshot. */
export interface BodyPlace {
  readonly at: number
  readonly bytes: number
  /** The state of the file in which this holds, by identity alone. */
  readonly state: object
}

/**
 * A pair that can be replayed: what was asked and what the client got were stored in full, be it a whole answer, one
 * that broke off, or reseal's own where the upstream gave none.
 */
export function isServable(
  pair: Pick<PairFacts, 'outcome' | 'requestTruncated' | 'responseTruncated'> & {
    readonly response: ResponseHead | undefined
  },
): boolean {
  return (
    (pair.response !== undefined || pair.outcome === 'upstream error') &&
    !pair.responseTruncated &&
    !pair.requestTruncated
  )
}

/** A pair whose upstream answered, and whose answer can be replayed as far as it came. */
export type AnsweredPair = RRPair & { readonly response: HttpResponse }

export function isAnswered(pair: RRPair): pair is AnsweredPair {
  return pair.response !== undefined && isServable(pair)
}

/** A time in which exchanges passed and could not be stored. */
export interface RecordedGap {
  /** When the first of them began. */
  readonly from: EpochMs
  /** When the last of them began. */
  readonly to: EpochMs
  readonly exchanges: number
  /** One sentence, such as "database or disk is full". */
  readonly reason: string
}

/** Where finished pairs go. */
export interface PairSink {
  /** Resolves when the pair is committed. */
  put(pair: RRPair): Promise<void>
  /**
   * The request of a pair came to its end after its answer, and after the pair was put without the request's content:
   * resolves when what it says now is committed in the place of what it said.
   */
  amend(pair: AskedPair): Promise<void>
}

/** What a pair can be left out by before more of it is read: everything that is said must be so. */
export interface PairTrait {
  /** In capitals; the request's is one of them, however it was written. */
  readonly methods?: readonly string[]
  /** Stands somewhere in the request target. */
  readonly target?: BinaryText
  /** One of these stands in the content of the response, unless that is coded or long. */
  readonly answer?: readonly BinaryText[]
  /** Stand in the target as well, in this spelling or, where it has escapes, perhaps in another. */
  readonly texts?: readonly BinaryText[]
  /** The request has content. */
  readonly content?: true
  /** The target or the content fits one of these globs of SQLite, or might with escapes and codings undone. */
  readonly globs?: readonly string[]
}

/** A pair and its request target. */
export interface AskedTarget {
  readonly id: PairId
  readonly target: string
}

/** Where recorded pairs come from. */
export interface PairSource {
  /** Pairs there are now; grows while the snapshot is being recorded. */
  readonly count: number
  /** Every pair after this one (0: all) without bodies, in order of arrival. */
  heads(after?: PairId): Iterable<PairHead>
  /**
   * Every pair without bodies, in order of arrival, as lists that each are read in a few milliseconds.
   * @param traits pairs that have none of them may be left out, and lists may be empty then; undefined is for all
   */
  headPages(traits?: readonly PairTrait[]): Iterable<readonly PairHead[]>
  /** The pairs after one up to another and what they were asked for, in order of arrival; nothing else of them is read. */
  targets(after: PairId, upTo: PairId): readonly AskedTarget[]
  /**
   * Every pair with its request whole and no content of its response, in order of arrival, as lists that each are
   * found in a few milliseconds and whose pairs are read one by one.
   */
  askedPages(): Iterable<Iterable<AskedPair>>
  /**
   * Requests alone, likewise, for a tenth of what all of their pairs costs.
   * @param traits as {@link PairSource.headPages} takes them
   */
  requestPages(traits?: readonly PairTrait[]): Iterable<Iterable<RecordedRequest>>
  /**
   * What every pair asked as it is kept with them; undefined where that is not known of each.
   * @param version of the way questions are told apart
   * @param redaction the rules by which redacted questions are to be made, as `AskedFacts` has them
   */
  askedColumns(version: number, redaction: number): AskedColumns | undefined
  /** The same as {@link PairSource.pair}, as far as an answer needs it: the fast way. */
  answer(id: PairId): AnsweringPair | undefined
  /** The bytes at a {@link BodyPlace}; undefined once the file is, or may be, in another state. */
  bodyAt(at: number, bytes: number, state: object): Uint8Array | undefined
  /** The whole pair, or undefined when the snapshot has none of this id. */
  pair(id: PairId): RRPair | undefined
}
