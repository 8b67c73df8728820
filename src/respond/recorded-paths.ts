import type { PairId, PairSource } from '../core/pair.ts'
import { createNearIndex, type NearIndex } from '../match/near-index.ts'
import type { PairIndex } from './pair-index.ts'

/** Pairs that are read at once. */
const AT_ONCE = 256
/** So many are read before the first miss is answered, however long that takes. */
const AT_FIRST = 2048
/** For so long the first miss goes on reading; the others find what there is. */
const FIRST_MS = 15
/** Afterwards so long at a time, and then others have a turn for as long. */
const TURN_MS = 4

/** A snapshot of more pairs is not read before there is a miss: it would be seconds of work, often for nothing. */
const MOST_AHEAD = 200_000
/** The first requests of a replay come before it. */
const AHEAD_MS = 250

/** How many of all recorded pairs were looked at. */
export interface Compared {
  readonly pairs: number
  readonly of: number
}

export interface RecordedPaths extends NearIndex {
  /** Undefined once all recorded pairs are looked at. */
  compared(): Compared | undefined
  /** Reads what is left to read, at once. */
  readAll(): void
}

/**
 * What is likely near a target, by those of all recorded pairs. They are read soon after the start, those of a large
 * snapshot when the first miss comes, in turns while requests are answered. Until it is through, a sample from the whole
 * of the snapshot has to do.
 */
export function recordedPaths(
  pairs: Pick<PairSource, 'targets'>,
  index: Pick<PairIndex, 'size' | 'newest' | 'unservable'>,
): RecordedPaths {
  const near = createNearIndex()
  const all = index.size + index.unservable.length
  let looked = 0
  const blocks = blocksInTurn(Math.ceil(index.newest / AT_ONCE))
  let isAsked = false
  let isReading = false

  /** @returns whether anything is left to read */
  const read = (untilMs: number, least: number): boolean => {
    for (let count = 0; count < least || performance.now() < untilMs; count += 1) {
      const { value: block, done } = blocks.next()
      if (done === true) return false
      for (const { id, target } of pairs.targets(block * AT_ONCE, (block + 1) * AT_ONCE)) {
        near.add(id, target)
        looked += 1
      }
    }
    return true
  }
  const readOn = (): void => {
    try {
      if (read(performance.now() + TURN_MS, 1)) setTimeout(readOn, TURN_MS).unref()
    } catch {
      // The snapshot was closed, since another plan serves now or none. Whatever else it is, the next miss meets it too.
    }
  }
  const readOnIn = (delayMs: number): void => {
    if (isReading) return
    isReading = true
    setTimeout(readOn, delayMs).unref()
  }
  if (all <= MOST_AHEAD) readOnIn(AHEAD_MS)
  return {
    add: (id, target) => near.add(id, target),
    likely: (target) => {
      if (!isAsked && read(performance.now() + FIRST_MS, AT_FIRST / AT_ONCE)) readOnIn(TURN_MS)
      isAsked = true
      return near.likely(target)
    },
    compared: () => (looked < all ? { pairs: looked, of: all } : undefined),
    readAll: () => void read(Infinity, 1),
  }
}

/** The first blocks in order, so that small snapshots are read in order; then from everywhere, each once. */
function* blocksInTurn(count: number): Generator<PairId, undefined> {
  const ahead = Math.min(count, AT_FIRST / AT_ONCE)
  for (let block = 0; block < ahead; block += 1) yield block
  const rest = count - ahead
  const stride = strideOf(rest)
  for (let turn = 0, place = 0; turn < rest; turn += 1, place = (place + stride) % rest) yield ahead + place
  return undefined
}

/** Steps of the golden section are spread evenly however many there were; without a common factor all are met. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.round(count * 0.618))
  while (commonFactor(stride, count) > 1) stride += 1
  return stride
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b)
}
