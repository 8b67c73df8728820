import { claimsOf, type Jwt } from '../../core/jwt.ts'
import type { EpochMs } from '../../core/time.ts'
import type { SigningKey } from '../../keys/signing-key.ts'
import type { LedgerEntry, RetiringKey } from './signing-ledger.ts'

/** What a replay has signed with so far, over all its plans. */
export interface KeyHistory {
  /** Thumbprints of the keys that were first published under a kid of an issuer, by {@link nameOf}. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>
  readonly retiring: readonly RetiringKey[]
}

export const NO_HISTORY: KeyHistory = { owners: new Map(), retiring: [] }

/** Keys that change more often than this in their transition are published no longer, the oldest first. */
const MAX_RETIRING = 8
/** Kids that are remembered; of more, the first are forgotten. */
const MAX_OWNED = 1000

/**
 * Whether another key was published under a token's kid in this replay: clients that hold that key would take the new
 * one's tokens for forged, since they ask for a JWKS again only when they meet a new kid.
 */
export function isKidTaken({ owners }: KeyHistory, jwt: Jwt, { thumbprint }: SigningKey): boolean {
  if (jwt.kid === undefined || thumbprint === undefined) return false
  const { iss } = claimsOf(jwt)
  const owner = owners.get(nameOf(jwt.kid, typeof iss === 'string' ? iss : undefined))
  return owner !== undefined && !owner.has(thumbprint)
}

/**
 * The history once other keys sign.
 * @param signed the keys that signed until now
 * @param signing those that sign from now on
 * @param isPublished whether a JWKS of the replay has a place for one of those
 */
export function historyAfter(
  before: KeyHistory,
  signed: readonly LedgerEntry[],
  signing: readonly LedgerEntry[],
  isPublished: (entry: LedgerEntry) => boolean,
  now: EpochMs,
): KeyHistory {
  const current = new Set(signing.map(identityOf))
  const retired = signed.map((entry) => ({ entry, untilMs: now + entry.transitionMs }))
  const retiring = [...retired, ...before.retiring].filter(
    ({ entry, untilMs }) =>
      untilMs > now && entry.ring === undefined && entry.kid !== undefined && !current.has(identityOf(entry)),
  )
  const newest = new Map(retiring.toReversed().map((one) => [identityOf(one.entry), one]))
  return {
    owners: ownersAfter(before.owners, signing.filter(isPublished)),
    retiring: [...newest.values()].toSorted((a, b) => b.untilMs - a.untilMs).slice(0, MAX_RETIRING),
  }
}

function ownersAfter(before: KeyHistory['owners'], published: readonly LedgerEntry[]): KeyHistory['owners'] {
  const owners = new Map(before)
  for (const { key, kid, issuer, ring } of published) {
    if (kid === undefined || key.thumbprint === undefined || ring !== undefined) continue
    const name = nameOf(kid, issuer)
    if (!before.has(name)) owners.set(name, new Set([...(owners.get(name) ?? []), key.thumbprint]))
  }
  return new Map([...owners].slice(-MAX_OWNED))
}

function nameOf(kid: string, issuer: string | undefined): string {
  return JSON.stringify([kid, issuer])
}

function identityOf({ key, kid, issuer }: LedgerEntry): string {
  return JSON.stringify([key.thumbprint, kid, issuer])
}
