import type { SourcePlace } from '../../core/errors.ts'
import { claimsOf, type Jwt } from '../../core/jwt.ts'
import type { EpochMs } from '../../core/time.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import type { JwksDocument, JwksEntry } from '../../keys/jwks.ts'
import type { SigningKey } from '../../keys/signing-key.ts'

/** One key that re-signs tokens of a snapshot, under one kid, for one issuer. */
export interface LedgerEntry {
  readonly key: SigningKey
  /** The ring the key is of, if it is an issuer's: all that the ring publishes stands in for the recorded key. */
  readonly ring: KeyRing | undefined
  /** The kid the new tokens carry. */
  readonly kid: string | undefined
  readonly issuer: string | undefined
  /** The first recorded token it re-signs. */
  readonly recorded: Jwt
  /** The mounted key signed the recorded token too: it is the recording's own. Undefined where nothing tells. */
  readonly matchesRecording: boolean | undefined
  readonly place: SourcePlace
  /** How long it stays published once another key has taken its place. */
  readonly transitionMs: number
  tokens: number
}

/** A key that signed until another one took its place. */
export interface RetiringKey {
  readonly entry: LedgerEntry
  /** It is published, and believed, before this moment. */
  readonly untilMs: EpochMs
}

/** A recorded JWKS and where it was served; recordings of one URL are one source. */
export interface RecordedJwks {
  readonly url: string
  readonly document: JwksDocument
}

/** Every key that re-signs and every JWKS that a `jwks` step serves, so that the two can be brought together. */
export interface SigningLedger {
  enter(entry: Omit<LedgerEntry, 'issuer' | 'tokens'>): LedgerEntry
  meet(jwks: RecordedJwks): void
  entries(): readonly LedgerEntry[]
  /** Keys that signed before, for JWKS to publish as long as they are retiring. */
  retire(keys: readonly RetiringKey[]): void
  retiring(): readonly RetiringKey[]
  /** Whether some JWKS has a place for a key. */
  isPublished(entry: LedgerEntry): boolean
  /** The path of the JWKS that has a place for a key; ask when every JWKS was met. */
  pathFor(entry: LedgerEntry): string | undefined
  /** What a re-signing key does to a JWKS: the recorded keys it replaces, or that it joins, or nothing. */
  placeIn(entry: LedgerEntry, jwks: RecordedJwks): readonly JwksEntry[] | 'join' | undefined
}

export function createSigningLedger(): SigningLedger {
  const entries = new Map<string, LedgerEntry>()
  const published: RecordedJwks[] = []
  let retiring: readonly RetiringKey[] = []
  const placeIn: SigningLedger['placeIn'] = (entry, jwks) => {
    for (const rule of RULES) {
      const places = published.filter((candidate) => rule(entry, candidate.document).length > 0)
      if (places.length > 0) {
        const here = rule(entry, jwks.document)
        return here.length > 0 ? here : undefined
      }
    }
    return new Set(published.map(({ url }) => url)).size === 1 ? 'join' : undefined
  }

  return {
    enter: (entry) => {
      const { iss } = claimsOf(entry.recorded)
      const issuer = typeof iss === 'string' ? iss : undefined
      const id = JSON.stringify([entry.key.source, entry.key.thumbprint, entry.key.alg, entry.kid, issuer])
      const known = entries.get(id)
      const entered = known ?? { ...entry, issuer, tokens: 0 }
      entered.tokens += 1
      entries.set(id, entered)
      return entered
    },
    meet: (jwks) => {
      published.push(jwks)
    },
    entries: () => [...entries.values()],
    retire: (keys) => {
      retiring = keys
    },
    retiring: () => retiring,
    pathFor: (entry) => {
      const url = published.find((jwks) => placeIn(entry, jwks) !== undefined)?.url
      return url === undefined ? undefined : new URL(url).pathname
    },
    isPublished: (entry) => published.some((jwks) => placeIn(entry, jwks) !== undefined),
    placeIn,
  }
}

/** A key for encryption, or a secret, is never what a public signing key stands for (RFC 7517 §4.2). */
function maySign({ use, kty }: JwksEntry): boolean {
  return (use === undefined || use === 'sig') && kty !== 'oct'
}

/**
 * Which recorded keys a re-signing key stands for, the surest rule first: those which verify the recorded token; those
 * of its kid; for a token without kid, the only key of its type. A rule that finds a place in one JWKS decides for all.
 */
const RULES: readonly ((entry: LedgerEntry, document: JwksDocument) => readonly JwksEntry[])[] = [
  ({ recorded }, { entries }) => entries.filter((jwk) => jwk.verifies(recorded) === true),
  ({ recorded }, { entries }) =>
    recorded.kid === undefined ? [] : entries.filter((jwk) => jwk.kid === recorded.kid && maySign(jwk)),
  ({ recorded, key }, { entries }) => {
    const ofType = entries.filter((jwk) => jwk.kty === key.publicJwk?.kty)
    return recorded.kid === undefined && ofType.length === 1 ? ofType : []
  },
]
