import type { BinaryText } from '../../core/binary-text.ts'
import { jsonOf } from '../../core/json.ts'
import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import type { PublicJwk } from '../public-jwk.ts'
import type { RingKey, RingState } from './ring-key.ts'
import type { RingLedger } from './ring-ledger.ts'
import { nextChangeAfter, ringKeysAt } from './ring-timeline.ts'

/** A key in a JWKS: its required members, `kid`, and that it signs with this alg (RFC 7517 §4). */
export type PublishedJwk = PublicJwk & { readonly kid: string; readonly use: 'sig'; readonly alg: AlgName }

/** What a ring shows, for as long as nothing in it changes. */
export interface RingView {
  /** In order of arrival within each alg. */
  readonly keys: readonly RingKey[]
  /** The one that signs first, for clients that take the first: then next, then retiring ones. No HMAC secrets. */
  readonly published: { readonly keys: readonly PublishedJwk[] }
  readonly jwksText: BinaryText
}

/** The view of a moment, made anew only when a record or, as time goes by, a state changes. */
export function ringView(ledger: RingLedger, transitionSeconds: number): (now: EpochSeconds) => RingView {
  let made: (RingView & Validity) | undefined
  return (now) => {
    if (made === undefined || made.revision !== ledger.revision || now < made.from || now >= made.until) {
      const { records, revision } = ledger
      const until = nextChangeAfter(records, transitionSeconds, now)
      made = { ...viewOf(ringKeysAt(records, transitionSeconds, now)), revision, from: now, until }
    }
    return made
  }
}

interface Validity {
  readonly revision: number
  readonly from: EpochSeconds
  readonly until: EpochSeconds
}

const PUBLISHED_STATES: readonly RingState[] = ['active', 'next', 'retiring']

function viewOf(keys: readonly RingKey[]): RingView {
  const published = {
    keys: PUBLISHED_STATES.flatMap((state) => keys.filter((key) => key.state === state)).flatMap(
      publishedJwkOf,
    ),
  }
  return { keys, published, jwksText: jsonOf(published) }
}

function publishedJwkOf({ kid, alg, key: { publicJwk } }: RingKey): readonly PublishedJwk[] {
  return publicJwk === undefined ? [] : [{ ...publicJwk, kid, use: 'sig', alg }]
}
