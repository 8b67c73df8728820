import { errorMessage } from '../core/errors.ts'
import type { ExchangeTap, RequestHead } from '../core/exchange.ts'
import type { AskedPair, PairFacts, PairId, PairSink, RecordedGap, Route } from '../core/pair.ts'
import { createBodyArena } from './body-arena.ts'
import { tapExchange, type ExchangeKeeper, type RecorderClock } from './exchange-tap.ts'
import { createLossBook } from './loss-book.ts'
import { createMemoryBudget, exchangeMemory } from './memory-budget.ts'

/**
 * Where a recorder's pairs go, and its notes of what was lost. The bodies of a pair are lent: they are its own until
 * what it was put with settles, and something else afterwards.
 */
export interface RecorderSink extends PairSink {
  /** Notes a time in which exchanges passed and could not be stored. */
  note(gap: RecordedGap): Promise<void>
}

export interface RecorderOptions {
  readonly sink: RecorderSink
  readonly clock: RecorderClock
  /** A body of so many bytes is kept whole, of a longer one the first MiB; default 32 MiB. What is past it is counted only. */
  readonly maxBodyBytes?: number
  /** What exchanges under way and pairs on their way to the disk may hold; default 256 MiB. What is past it is lost. */
  readonly maxPendingBytes?: number
  /** The id of the first pair; default 1. */
  readonly firstId?: PairId
  /**
   * So many responses may be whole at their clients before their pairs are committed. Default 0: the last byte of every
   * response is held back until its pair is committed.
   */
  readonly maxUncommitted?: number
  /** Told of every exchange that is lost, and why; it is counted in `notStored`. */
  readonly onLoss?: (reason: string, lost: AskedPair) => void
  /** Told when something is stored again after a loss. */
  readonly onRecovery?: () => void
}

/** What a recording came to so far. */
export interface RecordingSummary {
  /** Pairs that the sink has committed. */
  readonly pairs: number
  /** Exchanges that passed and were not stored. */
  readonly notStored: number
  /** Exchanges begun and neither committed nor lost. */
  readonly pending: number
  /** Content bytes that passed in finished exchanges, requests and responses. */
  readonly bytes: number
  /** Finished exchanges of which a body was cut off at the limit. */
  readonly truncated: number
  /** Finished exchanges that ended in another way than a whole response. */
  readonly failed: number
  /** What was lost, by reason. */
  readonly gaps: readonly RecordedGap[]
}

/** Turns exchanges into pairs. */
export interface Recorder {
  /** Begins an exchange; ids are given in the order of these calls. */
  begin(head: RequestHead, route: Route): ExchangeTap
  /** Resolves when every exchange begun has ended, its pair is committed or lost, and the losses are noted. */
  settled(): Promise<void>
  summary(): RecordingSummary
}

const MAX_BODY_BYTES = 32 * 1024 * 1024
const MAX_PENDING_BYTES = 256 * 1024 * 1024
/** What an exchange takes besides its bodies: two heads, and what Node and the writer keep beside them. */
const EXCHANGE_BYTES = 4096
const TOO_MUCH_PENDING = 'more than --max-pending was under way or waited for the disk'

/** A recorder; it never throws into the proxy, whatever the sink does. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sink, clock, maxBodyBytes = MAX_BODY_BYTES, firstId = 1, maxUncommitted = 0 } = options
  const { onLoss = () => {}, onRecovery = () => {} } = options
  const budget = createMemoryBudget(options.maxPendingBytes ?? MAX_PENDING_BYTES)
  const arena = createBodyArena()
  const losses = createLossBook({ note: (gap) => sink.note(gap), monotonicMs: clock.monotonicMs })
  const counts = { pairs: 0, notStored: 0, pending: 0, bytes: 0, truncated: 0, failed: 0 }
  let uncommitted = 0
  let losing = false
  let nextId = firstId
  let waiting: (() => void)[] = []

  const settle = (): void => {
    counts.pending -= 1
    if (counts.pending > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }
  const lose = (reason: string, pair: AskedPair): void => {
    counts.notStored += 1
    losing = true
    losses.add(pair.at, reason)
    onLoss(reason, pair)
  }
  const count = (pair: PairFacts): void => {
    counts.bytes += pair.requestBytes + pair.responseBytes
    if (pair.requestTruncated || pair.responseTruncated) counts.truncated += 1
    if (pair.outcome !== 'complete') counts.failed += 1
  }
  /** Whether it was stored; the exchange itself went well, whatever became of its record. */
  const stored = async (pair: AskedPair, store: () => Promise<void>): Promise<boolean> => {
    uncommitted += 1
    try {
      await store()
    } catch (error) {
      lose(reasonOf(error), pair)
      return false
    } finally {
      uncommitted -= 1
    }
    losses.stored()
    if (losing) onRecovery()
    losing = false
    return true
  }

  const keeperOf = (release: () => void): ExchangeKeeper => {
    let early: Promise<boolean> = Promise.resolve(false)
    const done = (committed: boolean): void => {
      if (committed) counts.pairs += 1
      release()
      settle()
    }
    return {
      async whole(pair) {
        count(pair)
        done(await stored(pair, () => sink.put(pair)))
      },
      async early(pair) {
        early = stored(pair, () => sink.put(pair))
        await early
      },
      async amended(pair) {
        count(pair)
        done((await early) && (await stored(pair, () => sink.amend(pair))))
      },
      dropped(pair) {
        count(pair)
        lose(TOO_MUCH_PENDING, pair)
        done(false)
      },
    }
  }

  return {
    begin(head, route) {
      const id = nextId
      nextId += 1
      counts.pending += 1
      const memory = exchangeMemory(budget, arena)
      memory.take(EXCHANGE_BYTES)
      const keeper = keeperOf(() => memory.release())
      const tap = tapExchange({ id, head, route, clock, maxBodyBytes, memory }, keeper)
      const unlessTrailing = (committed: Promise<void> | undefined): Promise<void> | undefined =>
        uncommitted > maxUncommitted ? committed : undefined
      return {
        ...tap,
        responseEnd: (trailers) => unlessTrailing(tap.responseEnd(trailers)),
        failed: (outcome, error) => unlessTrailing(tap.failed(outcome, error)),
      }
    },
    async settled() {
      if (counts.pending > 0) await new Promise<void>((resolve) => waiting.push(resolve))
      await losses.finish()
    },
    summary: () => ({ ...counts, gaps: losses.all() }),
  }
}

/** What kept a pair from being stored, without its number: many pairs share it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return errorMessage(cause ?? error)
}
