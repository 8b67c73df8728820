import { kindOfValue, VALUE_KIND_NAMES } from '../core/value-kind.ts'
import type { PairId } from '../core/pair.ts'

/** Finds recorded requests that may be near one that nothing answers, without reading the snapshot through. */
export interface NearIndex {
  /** To be called in order of arrival. */
  add(pair: PairId, path: string): void
  /** At most {@link MAX_CANDIDATES} pairs: those of this path, then of its shape, then from its neighbourhood. */
  likely(path: string): readonly PairId[]
}

/** How many recorded requests are compared whole for one miss. */
export const MAX_CANDIDATES = 80

/** Of one path and of one shape, so many each. */
const PER_KEY = 40

/** Pairs of a neighbourhood, and neighbourhoods, that are kept. */
const PER_PLACE = 20
const MAX_PLACES = 10_000

/**
 * Two numbers a pair in one sorted list, whatever the length of its path: 26 bits of a hash and the pair. Where hashes
 * meet by chance, a candidate is compared in vain.
 */
export function createNearIndex(): NearIndex {
  let keys = new Float64Array(64)
  let used = 0
  let sorted = true
  const places = new Map<string, PairId[]>()

  const push = (hash: number, pair: PairId): void => {
    if (used === keys.length) {
      const grown = new Float64Array(keys.length * 2)
      grown.set(keys)
      keys = grown
    }
    keys[used] = hash * PAIR_RANGE + pair
    used += 1
    sorted = false
  }
  const found = (hash: number): readonly PairId[] => {
    const list = keys.subarray(0, used)
    const first = lowerBound(list, hash * PAIR_RANGE)
    const pairs: PairId[] = []
    for (let at = first; at < used && pairs.length < PER_KEY; at += 1) {
      const key = list[at] ?? 0
      if (Math.floor(key / PAIR_RANGE) !== hash) break
      pairs.push(key % PAIR_RANGE)
    }
    return pairs
  }

  return {
    add(pair, path) {
      const shape = shapeOf(path)
      push(hashOf(path), pair)
      push(hashOf(shape), pair)
      for (const place of placesOf(shape)) {
        const known = places.get(place)
        if (known === undefined) {
          if (places.size < MAX_PLACES) places.set(place, [pair])
        } else if (known.length < PER_PLACE) known.push(pair)
      }
    },
    likely(path) {
      if (!sorted) keys.subarray(0, used).sort()
      sorted = true
      const shape = shapeOf(path)
      const near = placesOf(shape).flatMap((place) => places.get(place) ?? [])
      const all = [...found(hashOf(path)), ...found(hashOf(shape)), ...near]
      return [...new Set(all)].slice(0, MAX_CANDIDATES)
    },
  }
}

/** Pairs are below 2^27, hashes below 2^26: together exact in a double. */
const PAIR_RANGE = 2 ** 27
const HASH_RANGE = 2 ** 26

/** FNV-1a, 32 bits, the upper 26. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % HASH_RANGE
}

/** The path in one case, without a slash at its end, each number, UUID or the like as `{}`. */
function shapeOf(path: string): string {
  const segments = path.toLowerCase().split('/')
  if (segments.at(-1) === '') segments.pop()
  return segments.map((segment) => (isOneOfMany(segment) ? '{}' : segment)).join('/')
}

const NUMBER = /^\d+$/
/** Shorter texts are of no kind. */
const SHORTEST_KIND = 10

function isOneOfMany(segment: string): boolean {
  if (segment.length < SHORTEST_KIND) return NUMBER.test(segment)
  return NUMBER.test(segment) || kindOfValue(segment, VALUE_KIND_NAMES) !== undefined
}

/** Around a path: its parent; the last word of it wherever; its first word; everything. */
function placesOf(shape: string): readonly string[] {
  const segments = shape.split('/').slice(1)
  const last = segments.findLast((segment) => segment !== '{}') ?? ''
  return [`parent ${segments.slice(0, -1).join('/')}`, `last ${last}`, `first ${segments[0] ?? ''}`, 'all']
}

function lowerBound(list: Float64Array, wanted: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
