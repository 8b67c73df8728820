import { STATUS_CODES } from 'node:http'
import type { Delivery } from '../core/delivery.ts'
import { ResealError } from '../core/errors.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { withoutHeaders, type RawHeaders } from '../core/headers.ts'
import { epochSeconds, type Clock, type EpochMs, type EpochSeconds } from '../core/time.ts'
import type { KeyRing, RingKey } from '../keys/ring/key-ring.ts'
import type { EndpointName } from './endpoint-name.ts'

/** What each kind of fault is told, by the word that a user writes. */
interface FaultOptions {
  /** Answers so, and the endpoint is not asked: a code that comes with the request stays good. */
  readonly status: { readonly status: number; readonly retryAfterSeconds?: number | undefined }
  /** Answers with a redirect, and the endpoint is not asked. Default 302. */
  readonly redirect: { readonly location: string; readonly status?: number | undefined }
  readonly delay: { readonly delayMs: number }
  /** Default 0: in the place of the head. The endpoint has done its work all the same. */
  readonly reset: { readonly afterBytes?: number | undefined }
  readonly stall: { readonly afterBytes?: number | undefined }
  readonly slow: { readonly bytesPerSecond: number }
  /** Ends early with a length that fits; default half way. */
  readonly truncated: { readonly bytes?: number | undefined }
  /** Content that is no JSON under a Content-Type that says so. */
  readonly malformed: unknown
  readonly contentType: { readonly contentType: string }
  readonly emptyJwks: unknown
  /** The JWKS as it was before the last rotation began; before any rotation, as it is. */
  readonly staleJwks: unknown
  /** So many more keys, in front of the real ones; default 5,000, about 2 MB of RSA-2048. */
  readonly hugeJwks: { readonly keys?: number | undefined }
  /** The JWKS lacks each new key until it has signed for so many seconds. */
  readonly unknownKid: { readonly seconds: number }
}

export type FaultKind = keyof FaultOptions

/** How often a fault happens; without any of it, every time. */
export interface FaultLimits {
  /** How many times in all. */
  readonly times?: number | undefined
  /** Of each request, from 0 to 1. */
  readonly probability?: number | undefined
  /** Two faults of one seed and probability happen in the same order. Default 1. */
  readonly seed?: number | undefined
}

/**
 * What goes wrong, and how often. Faults of several kinds at one endpoint happen together, changes of the JWKS in the
 * order in which they were set.
 */
export type FaultWhat<K extends FaultKind = FaultKind> = {
  [P in K]: { readonly kind: P } & FaultOptions[P] & FaultLimits
}[K]

/** Where a fault happens: an endpoint, or `*` for all. */
export type FaultPlace = EndpointName | '*'

/** A fault as a user writes it: the same in YAML, the control API and the library. */
export type FaultDefinition = FaultWhat & { readonly endpoint: FaultPlace }

/** A fault that was set, until it is cleared. */
export interface SetFault {
  readonly id: string
  readonly definition: FaultDefinition
  readonly setAt: EpochMs
  /** How many times it has happened. */
  readonly happened: number
}

/** The faults of one issuer. */
export interface Faults {
  /**
   * From now on, beside those already set.
   * @returns the id to clear it by
   * @throws ResealError CONFIG_INVALID for a fault that can never happen, USAGE when {@link MAX_FAULTS} are set
   */
  set(fault: FaultDefinition): string
  /** Takes back one fault, or all. @returns how many there were */
  clear(id?: string): number
  /** In the order in which they were set; those that have happened all their times too. */
  list(): readonly SetFault[]
  /** Sets a fault for as long as the work takes, and takes it back however the work ends. */
  fault<T>(where: FaultPlace, what: FaultWhat, work: () => T | Promise<T>): Promise<T>
  /** The hook of an issuer: the answer with every fault in it that happens now. */
  apply(
    endpoint: EndpointName,
    request: HttpRequest,
    answer: () => HttpResponse | Promise<HttpResponse>,
  ): HttpResponse | Promise<HttpResponse>
}

/** A test that never clears its faults is told so before the list grows without end. */
export const MAX_FAULTS = 1000

/** @param ring whose keys the JWKS shows */
export function createFaults(clock: Clock, ring: Pick<KeyRing, 'keys'>): Faults {
  const faults = new Map<string, LiveFault>()
  let count = 0
  const set = (definition: FaultDefinition): string => {
    refuseImpossible(definition, faults.size)
    count += 1
    const id = `fault-${count}`
    const setAt = clock()
    const dice = seededDice(definition.seed ?? 1)
    faults.set(id, { definition, setAt, dice, happened: 0 })
    return id
  }
  const clear = (id?: string): number => {
    const before = faults.size
    if (id === undefined) faults.clear()
    else faults.delete(id)
    return before - faults.size
  }
  return {
    set,
    clear,
    list: () =>
      [...faults].map(([id, { definition, setAt, happened }]) => ({ id, definition, setAt, happened })),
    fault: async (where, what, work) => {
      const id = set({ ...what, endpoint: where })
      try {
        return await work()
      } finally {
        clear(id)
      }
    },
    apply: (endpoint, request, answer) => {
      // A browser's question whether it may ask is not yet the request that a fault is for.
      if (faults.size === 0 || request.method === 'OPTIONS') return answer()
      const happening = faultsOf(faults.values(), endpoint)
      if (happening.length === 0) return answer()
      const now = epochSeconds(clock())
      return faultyAnswer(happening, answer, { keys: ring.keys(now), now })
    },
  }
}

/** The kinds that change a JWKS, and so can happen nowhere else. */
const JWKS_FAULTS: ReadonlySet<FaultKind> = new Set(['emptyJwks', 'staleJwks', 'hugeJwks', 'unknownKid'])

interface LiveFault extends Omit<SetFault, 'id'> {
  happened: number
  /** From 0 to below 1. */
  readonly dice: () => number
}

/** What a fault may look at beside the answer. */
interface Situation {
  readonly keys: readonly RingKey[]
  readonly now: EpochSeconds
}

/** Either an answer of its own, or the endpoint's changed. */
type FaultRow<K extends FaultKind> =
  | { readonly instead: (what: FaultWhat<K>) => HttpResponse; readonly change?: never }
  | {
      readonly change: (response: HttpResponse, what: FaultWhat<K>, at: Situation) => HttpResponse
      readonly instead?: never
    }

const FAULTS: { readonly [K in FaultKind]: FaultRow<K> } = {
  status: {
    instead: ({ status, retryAfterSeconds }) =>
      answerOf(status, retryAfterSeconds === undefined ? [] : [['Retry-After', String(retryAfterSeconds)]]),
  },
  redirect: { instead: ({ location, status = 302 }) => answerOf(status, [['Location', location]]) },
  delay: { change: (response, { delayMs }) => delivered(response, { delayMs }) },
  reset: { change: (response, { afterBytes = 0 }) => delivered(response, { resetAfterBytes: afterBytes }) },
  stall: { change: (response, { afterBytes = 0 }) => delivered(response, { stallAfterBytes: afterBytes }) },
  slow: { change: (response, { bytesPerSecond }) => delivered(response, { bytesPerSecond }) },
  truncated: {
    change: (response, { bytes = Math.floor(response.body.length / 2) }) =>
      withBody(response, response.body.subarray(0, bytes)),
  },
  malformed: { change: (response) => withBody(response, Buffer.from('{"keys": [{"kty": oops')) },
  contentType: {
    change: (response, { contentType }) => ({
      ...response,
      headers: [
        ...withoutHeaders(response.headers, new Set(['content-type'])),
        ['Content-Type', contentType] as const,
      ],
    }),
  },
  emptyJwks: { change: (response) => withJwks(response, []) },
  staleJwks: {
    change: (response, _what, { keys }) => {
      const rotatedAt = Math.max(...successors(keys).map(({ publishedAt }) => publishedAt))
      return rotatedAt === -Infinity ? response : withJwks(response, jwksBefore(keys, rotatedAt))
    },
  },
  hugeJwks: {
    change: (response, { keys: count = 5000 }, { keys, now }) => {
      const real = keys.filter((key) => isIn(key, now)).flatMap(jwkOf)
      const crowd = real.slice(0, 1).flatMap((jwk) => crowdOf(jwk, count))
      return withJwks(response, [...crowd, ...real])
    },
  },
  unknownKid: {
    change: (response, { seconds }, { keys, now }) => {
      const late = successors(keys).filter(({ activeAt }) => now < activeAt + seconds)
      const known = keys.filter((key) => isIn(key, now) && !late.includes(key))
      return late.length === 0 ? response : withJwks(response, known.flatMap(jwkOf))
    },
  },
}

function refuseImpossible({ kind, endpoint }: FaultDefinition, setAlready: number): void {
  if (JWKS_FAULTS.has(kind) && endpoint !== 'jwks' && endpoint !== '*') {
    throw new ResealError('CONFIG_INVALID', `The fault ${kind} cannot happen at the endpoint ${endpoint}`, {
      hint: `${[...JWKS_FAULTS].join(', ')} change the JWKS: set them at the endpoint jwks.`,
    })
  }
  if (setAlready >= MAX_FAULTS) {
    throw new ResealError('USAGE', `${MAX_FAULTS} faults are set already`, {
      hint: 'Clear faults that are over; fault(where, what, work) takes its own back.',
    })
  }
}

/**
 * The faults that happen at one request to this endpoint; they count as happened then. Of those that would take each
 * other's place only the first happens, so that 503 once and 429 once come one after the other.
 */
function faultsOf(faults: Iterable<LiveFault>, endpoint: EndpointName): readonly FaultDefinition[] {
  const taken = new Set<string>()
  const happening: FaultDefinition[] = []
  for (const fault of faults) {
    const { kind, endpoint: place, times = Infinity, probability = 1 } = fault.definition
    const effect = FAULTS[kind].instead === undefined ? kind : 'instead'
    const isHere = place === endpoint || (place === '*' && (endpoint === 'jwks' || !JWKS_FAULTS.has(kind)))
    if (!isHere || taken.has(effect) || fault.happened >= times || fault.dice() >= probability) continue
    taken.add(effect)
    fault.happened += 1
    happening.push(fault.definition)
  }
  return happening
}

async function faultyAnswer(
  faults: readonly FaultDefinition[],
  answer: () => HttpResponse | Promise<HttpResponse>,
  at: Situation,
): Promise<HttpResponse> {
  const instead = faults.map((fault) => insteadOf(fault)).find((own) => own !== undefined)
  let response = instead ?? (await answer())
  for (const fault of faults) response = changed(response, fault, at)
  return response
}

function insteadOf<K extends FaultKind>(what: FaultWhat<K>): HttpResponse | undefined {
  const row: FaultRow<K> = FAULTS[what.kind]
  return row.instead?.(what)
}

function changed<K extends FaultKind>(
  response: HttpResponse,
  what: FaultWhat<K>,
  at: Situation,
): HttpResponse {
  const row: FaultRow<K> = FAULTS[what.kind]
  return row.change?.(response, what, at) ?? response
}

function answerOf(status: number, headers: RawHeaders): HttpResponse {
  const error = { error: 'server_error', error_description: 'A fault is set here for a test.' }
  return {
    status,
    reason: STATUS_CODES[status] ?? '',
    httpVersion: '1.1',
    headers: [['Content-Type', 'application/json'], ['Cache-Control', 'no-store'], ...headers],
    body: Buffer.from(JSON.stringify(error)),
    trailers: [],
  }
}

function delivered(response: HttpResponse, delivery: Delivery): HttpResponse {
  return { ...response, delivery: { ...response.delivery, ...delivery } }
}

function withBody(response: HttpResponse, body: Uint8Array): HttpResponse {
  return { ...response, headers: withoutHeaders(response.headers, new Set(['content-length'])), body }
}

function withJwks(response: HttpResponse, keys: readonly object[]): HttpResponse {
  return withBody(response, Buffer.from(JSON.stringify({ keys })))
}

/** The key as the JWKS shows it; none for a secret. */
function jwkOf({ kid, alg, key: { publicJwk } }: RingKey): readonly object[] {
  return publicJwk === undefined ? [] : [{ ...publicJwk, kid, use: 'sig', alg }]
}

/** Keys that came by a rotation: all but the first of each alg. */
function successors(keys: readonly RingKey[]): readonly RingKey[] {
  return keys.filter((key) => keys.find(({ alg }) => alg === key.alg) !== key)
}

function jwksBefore(keys: readonly RingKey[], rotatedAt: EpochSeconds): readonly object[] {
  const later = new Set(successors(keys).filter(({ publishedAt }) => publishedAt >= rotatedAt))
  return keys.filter((key) => !later.has(key) && isIn(key, rotatedAt - 1)).flatMap(jwkOf)
}

function isIn({ leavesAt }: RingKey, now: EpochSeconds): boolean {
  return leavesAt === undefined || leavesAt > now
}

/** Copies of a key: every one can be read, and none is the one that a token names. */
function crowdOf(jwk: object, count: number): readonly object[] {
  return Array.from({ length: count }, (_, at) => ({ ...jwk, kid: `crowd-${at + 1}` }))
}

/** Even numbers from a seed (mulberry32), so that a test that failed fails again. */
function seededDice(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
