import { kindOfValue, VALUE_KIND_NAMES } from '../core/value-kind.ts'
import type { PairId } from '../core/pair.ts'

/** Finds recorded requests that may be near one that nothing answers, without reading the snapshot through. */
export interface NearIndex {
  /** Of more pairs than are kept of a place, those that are added first stay. */
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
 * Sixteen bytes a pair, whatever the length of its path: it and two hashes, which are gone through from end to end, since
 * a million are gone through in a millisecond and never have to be sorted. Where hashes meet by chance, a candidate is
 * compared in vain.
 */
export function createNearIndex(): NearIndex {
  let pairs = new Float64Array(64)
  let paths = new Uint32Array(64)
  let shapes = new Uint32Array(64)
  let used = 0
  const places = new Map<string, PairId[]>()

  const grow = (): void => {
    pairs = copyOf(pairs, new Float64Array(used * 2))
    paths = copyOf(paths, new Uint32Array(used * 2))
    shapes = copyOf(shapes, new Uint32Array(used * 2))
  }
  const found = (hashes: Uint32Array, hash: number): readonly PairId[] => {
    const list = hashes.subarray(0, used)
    const ids: PairId[] = []
    for (let at = list.indexOf(hash); at !== -1 && ids.length < PER_KEY; at = list.indexOf(hash, at + 1)) {
      ids.push(pairs[at] ?? 0)
    }
    return ids
  }

  return {
    add(pair, path) {
      if (used === pairs.length) grow()
      const shape = shapeOf(path)
      pairs[used] = pair
      paths[used] = hashOf(path)
      shapes[used] = hashOf(shape)
      used += 1
      for (const place of placesOf(shape)) {
        const known = places.get(place)
        if (known === undefined) {
          if (places.size < MAX_PLACES) places.set(place, [pair])
        } else if (known.length < PER_PLACE) known.push(pair)
      }
    },
    likely(path) {
      const shape = shapeOf(path)
      const near = placesOf(shape).flatMap((place) => places.get(place) ?? [])
      const all = [...found(paths, hashOf(path)), ...found(shapes, hashOf(shape)), ...near]
      return [...new Set(all)].slice(0, MAX_CANDIDATES)
    },
  }
}

function copyOf<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
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
