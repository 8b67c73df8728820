import { withBody, type FaultRow } from '../core/fault.ts'
import type { HttpResponse } from '../core/exchange.ts'
import type { EpochSeconds } from '../core/time.ts'
import type { RingKey } from '../keys/ring/key-ring.ts'

/** What goes wrong with a JWKS on purpose, and what each kind is told. */
export interface JwksFaultOptions {
  readonly emptyJwks: unknown
  /** The JWKS as it was before the last rotation began; before any rotation, as it is. */
  readonly staleJwks: unknown
  /** So many more keys, in front of the real ones; default 5,000, about 2 MB of RSA-2048. */
  readonly hugeJwks: { readonly keys?: number | undefined }
  /** The JWKS lacks each new key until it has signed for so many seconds. */
  readonly unknownKid: { readonly seconds: number }
}

export type JwksFaultKind = keyof JwksFaultOptions

export type JwksFault<K extends JwksFaultKind = JwksFaultKind> = {
  [P in K]: { readonly kind: P } & JwksFaultOptions[P]
}[K]

/** What these faults look at beside the answer. */
export interface JwksSituation {
  readonly keys: readonly RingKey[]
  readonly now: EpochSeconds
}

export const JWKS_FAULTS: { readonly [K in JwksFaultKind]: FaultRow<JwksFault<K>, JwksSituation> } = {
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

/** The JWKS with a fault in it. */
export function jwksChanged<K extends JwksFaultKind>(
  response: HttpResponse,
  what: JwksFault<K>,
  situation: JwksSituation,
): HttpResponse {
  const row: FaultRow<JwksFault<K>, JwksSituation> = JWKS_FAULTS[what.kind]
  return row.change?.(response, what, situation) ?? response
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
