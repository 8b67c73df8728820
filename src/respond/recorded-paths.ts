import type { PairId, PairSource } from '../core/pair.ts'
import { createNearIndex, type NearIndex } from '../match/near-index.ts'
import { pathOf } from '../match/request-path.ts'
import type { PairIndex } from './pair-index.ts'

/** Pairs that are read at once. */
const AT_ONCE = 256
/** So many are read before the first miss is answered, however long that takes. */
const AT_FIRST = 2048
/** For so long the first miss goes on reading; the others find what there is. */
const FIRST_MS = 15
/** Afterwards so long at a time, and then others have a turn for as long. */
const TURN_MS = 4

/**
 * What is likely near a path, by the targets of all recorded pairs. They are read when the first miss comes: those of a
 * small snapshot at once, of a larger one in turns, while requests are answered. Until it is through,
 * a sample from the whole of the snapshot has to do.
 */
export function recordedPaths(
  pairs: Pick<PairSource, 'targets'>,
  index: Pick<PairIndex, 'size' | 'id' | 'unservable'>,
): NearIndex {
  const near = createNearIndex()
  const last = Math.max(0, index.size === 0 ? 0 : index.id(index.size - 1), index.unservable.at(-1) ?? 0)
  const blocks = blocksInTurn(Math.ceil(last / AT_ONCE))
  let isBegun = false

  /** @returns whether anything is left to read */
  const read = (untilMs: number, least: number): boolean => {
    for (let count = 0; count < least || performance.now() < untilMs; count += 1) {
      const { value: block, done } = blocks.next()
      if (done === true) return false
      for (const { id, target } of pairs.targets(block * AT_ONCE, (block + 1) * AT_ONCE)) {
        near.add(id, pathOf(target))
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
  return {
    likely: (path) => {
      if (!isBegun && read(performance.now() + FIRST_MS, AT_FIRST / AT_ONCE)) {
        setTimeout(readOn, TURN_MS).unref()
      }
      isBegun = true
      return near.likely(path)
    },
    add: (id, path) => near.add(id, path),
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
