import { kindOfValue, VALUE_KIND_NAMES } from '../core/value-kind.ts'
import type { PairId } from '../core/pair.ts'
import { queryParts } from './query.ts'
import { targetParts } from './request-path.ts'

/** Finds recorded requests that may be near one that nothing answers, without reading the snapshot through. */
export interface NearIndex {
  /** Of more pairs than are kept of a neighbourhood, those that are added first stay. */
  add(pair: PairId, target: string): void
  /**
   * At most {@link MAX_CANDIDATES} pairs: those of this path, then of its shape, then from its neighbourhood. Of many with
   * one path, or one shape, those that have most query parameters in common.
   */
  likely(target: string): readonly PairId[]
}

/** How many recorded requests are compared whole for one miss. */
export const MAX_CANDIDATES = 80

/** Of one path and of one shape, so many each. */
const PER_KEY = 40

/** Pairs of a neighbourhood, and neighbourhoods, that are kept. */
const PER_PLACE = 20
const MAX_PLACES = 10_000
/** Query parameters of a request that count for what is likely. */
const MAX_PARAMETERS = 16

/**
 * Twenty bytes a pair and four for each query parameter, whatever their length: hashes, which are gone through from end to
 * end, since a million are gone through in a millisecond and never have to be sorted. Where hashes meet by chance, a
 * candidate is compared in vain.
 */
export function createNearIndex(): NearIndex {
  let pairs = new Float64Array(64)
  let paths = new Uint32Array(64)
  let shapes = new Uint32Array(64)
  /** Where the parameters of a pair end; they begin where those of the one before it do. */
  let ends = new Uint32Array(64)
  let parameters = new Uint32Array(64)
  let used = 0
  const places = new Map<string, PairId[]>()

  const grow = (): void => {
    pairs = copyOf(pairs, new Float64Array(used * 2))
    paths = copyOf(paths, new Uint32Array(used * 2))
    shapes = copyOf(shapes, new Uint32Array(used * 2))
    ends = copyOf(ends, new Uint32Array(used * 2))
  }
  const addParameters = (query: string | undefined): void => {
    const hashes = parameterHashes(query)
    const from = ends[used - 1] ?? 0
    if (from + hashes.length > parameters.length)
      parameters = copyOf(parameters, new Uint32Array(parameters.length * 2))
    parameters.set(hashes, from)
    ends[used] = from + hashes.length
  }
  const inCommon = (at: number, asked: Uint32Array): number => {
    let common = 0
    const end = ends[at] ?? 0
    for (let place = at === 0 ? 0 : (ends[at - 1] ?? 0); place < end; place += 1) {
      const parameter = parameters[place]
      for (let other = 0; other < asked.length; other += 1) if (asked[other] === parameter) common += 1
    }
    return common
  }
  const found = (hashes: Uint32Array, hash: number, asked: Uint32Array): readonly PairId[] => {
    const list = hashes.subarray(0, used)
    /** By how much they have in common. */
    const alike: PairId[][] = Array.from({ length: asked.length + 1 }, () => [])
    const most = alike[asked.length] ?? []
    for (let at = list.indexOf(hash); at !== -1 && most.length < PER_KEY; at = nextOf(list, hash, at)) {
      const ids = alike[inCommon(at, asked)]
      if (ids !== undefined && ids.length < PER_KEY) ids.push(pairs[at] ?? 0)
    }
    return alike.toReversed().flat().slice(0, PER_KEY)
  }

  return {
    add(pair, target) {
      if (used === pairs.length) grow()
      const { path, query } = targetParts(target)
      const shape = shapeOf(path)
      pairs[used] = pair
      paths[used] = hashOf(path)
      shapes[used] = hashOf(shape)
      addParameters(query)
      used += 1
      for (const place of placesOf(shape)) {
        const known = places.get(place)
        if (known === undefined) {
          if (places.size < MAX_PLACES) places.set(place, [pair])
        } else if (known.length < PER_PLACE) known.push(pair)
      }
    },
    likely(target) {
      const { path, query } = targetParts(target)
      const shape = shapeOf(path)
      const asked = Uint32Array.from(parameterHashes(query))
      const near = placesOf(shape).flatMap((place) => places.get(place) ?? [])
      const ofPath = found(paths, hashOf(path), asked)
      const ofShape = ofPath.length === PER_KEY ? [] : found(shapes, hashOf(shape), asked)
      return [...new Set([...ofPath, ...ofShape, ...near])].slice(0, MAX_CANDIDATES)
    },
  }
}

/** Where a hash is next; where many are, the next one is near, and a call costs more than to look. */
function nextOf(list: Uint32Array, hash: number, at: number): number {
  for (let next = at + 1; next <= at + 16; next += 1) if (list[next] === hash) return next
  return list.indexOf(hash, at + 17)
}

/** Of name and value together; the order of parameters does not count, and repeats count once. */
function parameterHashes(query: string | undefined): readonly number[] {
  if (query === undefined || query === '') return []
  const hashes: number[] = []
  for (const { name, value = '' } of queryParts(query).slice(0, MAX_PARAMETERS)) {
    const parameter = hashOf(`${name}=${value}`)
    if (!hashes.includes(parameter)) hashes.push(parameter)
  }
  return hashes
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
