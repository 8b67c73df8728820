import { bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { ResealError } from '../../core/errors.ts'
import type { Jwt } from '../../core/jwt.ts'
import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import { resignObstacle } from '../resign/resign.ts'
import type { RingKey } from './ring-key.ts'
import { openRingLedger, type RingLedger } from './ring-ledger.ts'
import { ringRotation, type RingRotation } from './ring-rotation.ts'
import { atLeast, ringSettings, type KeyRingOptions, type RingSettings } from './ring-settings.ts'
import { ringEvents, type NamedRingEvent, type RingEvent } from './ring-timeline.ts'
import { ringView, type PublishedJwk } from './ring-view.ts'
import type { SigningKey } from '../signing-key.ts'

export type { RingKey } from './ring-key.ts'
export type { RingEvent } from './ring-timeline.ts'
export type { KeyRingOptions } from './ring-settings.ts'

/** Which key to sign with. */
interface SignerWish {
  /** Default: the first alg of the ring, or that of the `kid`. */
  readonly alg?: AlgName
  /** A certain key, whether it signs already, still, or not. */
  readonly kid?: string
  /** A key that has left the JWKS; of several, the one that left last. */
  readonly expired?: boolean
}

interface RotateOptions {
  /** How long the key is published before it signs. Default: the ring's; 0 is at once, which some clients refuse. */
  readonly leadSeconds?: number
  /** The key to sign with next; without it, one is made for each alg. */
  readonly key?: SigningKey
}

/**
 * The signing keys of one issuer, next → active → retiring → expired. States are a function of the clock: a key signs
 * from its second on whether or not anybody called {@link KeyRing.tick}. There are no timers here.
 */
export interface KeyRing {
  /** What it signs; usually one. */
  readonly algs: readonly AlgName[]
  /** The key to sign with now. @throws ResealError KEY_MISSING when there is none such */
  signer(now: EpochSeconds, want?: SignerWish): RingKey
  /** All keys, states as of now, in order of arrival within each alg. */
  keys(now: EpochSeconds): readonly RingKey[]
  /** The JWK Set (RFC 7517 §5): active, next, retiring, in this order; no private members, no HMAC secrets. */
  published(now: EpochSeconds): { readonly keys: readonly PublishedJwk[] }
  /** {@link KeyRing.published} as JSON; the same string until the set changes. */
  jwksText(now: EpochSeconds): BinaryText
  /**
   * Makes the next key of each alg, or of the given key's alg; resolves to the (first) next key once it is published.
   * While a next key is waiting, none is made: that one signs after the lead, if that is sooner. A given key takes the
   * waiting one's place, which is withdrawn; a given key that signs already goes on.
   * @throws ResealError KEY_UNFIT for a key of another alg, SECRET_UNWRITABLE, CONFIG_INVALID for a negative lead
   */
  rotate(now: EpochSeconds, options?: RotateOptions): Promise<RingKey>
  /**
   * Takes a key out of the JWKS now. Is it the one that signs, the next one signs at once.
   * @throws ResealError KEY_MISSING for an unknown kid, USAGE for the only key that can sign
   */
  expire(kid: string, now: EpochSeconds): void
  /**
   * Tells of each event once, when it is due and the ring is called by `tick`, `rotate` or `expire`; never of those
   * before the ring was made. Listeners must not throw. Returns what ends it.
   */
  onChange(listener: (event: RingEvent) => void): () => void
  /** When something will change by itself, possibly in the past; the owner sets a timer and calls `tick`. */
  readonly dueAt: EpochSeconds | undefined
  /**
   * Publishes the next key when its time has come, tells of what happened, and forgets keys that expired long ago.
   * May be called at any time. Rejects, and leaves `dueAt` where it is, when a key could not be made or kept; try again
   * later. With a directory it also takes over what other processes did there.
   */
  tick(now: EpochSeconds): Promise<void>
  /**
   * Which of the keys signed the token; of an expired key too, so look at its state. The key's own alg must be the
   * token's (RFC 8725 §3.1), and its kid, where the token has one. A token with a `crit` nobody understands is nobody's.
   */
  verify(jwt: Jwt, now: EpochSeconds): RingKey | undefined
}

/**
 * Makes a ring or, where its directory has one, goes on with it. Its keys exist when it resolves: an empty JWKS seen
 * once leaves 13 of 42 clients without keys until their cache runs out.
 * @throws ResealError CONFIG_INVALID for a number out of range, KEY_UNFIT for a key whose alg is not among `algs`
 * @throws ResealError KEY_INVALID, SECRET_UNREADABLE, SECRET_UNWRITABLE for a directory that cannot be used
 */
export async function createKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const settings = ringSettings(options)
  const { keys = [], directory, now } = options
  const ledger = openRingLedger({ algs: settings.algs, mounted: keys, directory })
  const rotation = ringRotation(ledger, settings)
  await rotation.begin(keys, now)
  return ringOver({ ledger, settings, rotation }, now)
}

interface RingParts {
  readonly ledger: RingLedger
  readonly settings: RingSettings
  readonly rotation: RingRotation
}

function ringOver({ ledger, settings, rotation }: RingParts, begunAt: EpochSeconds): KeyRing {
  const { algs } = settings
  const view = ringView(ledger, settings.transitionSeconds)
  const news = ringNews(ledger, settings)
  const inTurn = turns()
  news.passOver(begunAt)
  const settle = (now: EpochSeconds): void => {
    news.tell(now)
    for (const { kid } of longExpired(view(now).keys, settings)) ledger.drop(kid)
  }
  return {
    algs,
    signer: (now, want = {}) => chosenSigner(view(now).keys, want, algs),
    keys: (now) => view(now).keys,
    published: (now) => view(now).published,
    jwksText: (now) => view(now).jwksText,
    rotate: (now, { leadSeconds = settings.leadSeconds, key } = {}) =>
      inTurn(async () => {
        const lead = atLeast(0, 'leadSeconds', leadSeconds)
        ledger.reload()
        const next =
          key === undefined
            ? await Promise.all(algs.map((alg) => rotation.advance(alg, now, lead)))
            : [await rotation.succeed(key, now, lead)]
        const found = view(now).keys.find(({ kid }) => kid === next[0]?.kid)
        settle(now)
        return found ?? noSuitableKey()
      }),
    expire: (kid, now) => {
      rotation.expire(kid, now)
      settle(now)
    },
    onChange: news.onChange,
    get dueAt() {
      const publications = algs.map((alg) => rotation.publicationAt(alg))
      const moments = [news.nextAt(), ...publications].filter((at) => at !== undefined)
      return moments.length === 0 ? undefined : Math.min(...moments)
    },
    tick: (now) =>
      inTurn(async () => {
        ledger.reload()
        settle(now)
        await Promise.all(algs.map((alg) => rotation.prepare(alg, now)))
        settle(now)
      }),
    verify: (jwt, now) => keyThatSigned(view(now).keys, jwt),
  }
}

interface RingNews {
  onChange(listener: (event: RingEvent) => void): () => void
  /** What happened until now is no news. */
  passOver(now: EpochSeconds): void
  tell(now: EpochSeconds): void
  /** Of what has not been told, the earliest. */
  nextAt(): EpochSeconds | undefined
}

function ringNews(ledger: RingLedger, { transitionSeconds }: RingSettings): RingNews {
  const listeners = new Set<(event: RingEvent) => void>()
  let told: ReadonlySet<string> = new Set()
  const untold = (): readonly NamedRingEvent[] =>
    ringEvents(ledger.records, transitionSeconds).filter(({ name }) => !told.has(name))
  /** Names of keys that the ring has forgotten are forgotten too. */
  const take = (now: EpochSeconds): readonly NamedRingEvent[] => {
    const news = untold().filter(({ at }) => at <= now)
    const events = ringEvents(ledger.records, transitionSeconds)
    told = new Set(events.filter((event) => told.has(event.name) || event.at <= now).map(({ name }) => name))
    return news
  }
  return {
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    passOver: take,
    tell: (now) => {
      for (const { name: _name, ...event } of take(now)) for (const listener of listeners) listener(event)
    },
    nextAt: () => untold()[0]?.at,
  }
}

/** Runs asynchronous work one after the other, whatever becomes of it. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn
    return turn
  }
}

function chosenSigner(
  keys: readonly RingKey[],
  { alg, kid, expired = false }: SignerWish,
  algs: readonly AlgName[],
): RingKey {
  const wanted = keys.filter(
    (key) =>
      (key.state === 'expired') === expired &&
      (kid === undefined || key.kid === kid) &&
      (alg === undefined || key.alg === alg),
  )
  if (expired) return lastToLeave(wanted) ?? noSuitableKey()
  if (kid !== undefined) return wanted[0] ?? noSuitableKey()
  const ofAlg = alg ?? algs[0]
  return wanted.find((key) => key.state === 'active' && key.alg === ofAlg) ?? noSuitableKey()
}

function lastToLeave(keys: readonly RingKey[]): RingKey | undefined {
  return keys.toSorted((a, b) => (a.leavesAt ?? 0) - (b.leavesAt ?? 0)).at(-1)
}

function noSuitableKey(): never {
  throw new ResealError('KEY_MISSING', 'No suitable key found', {
    hint: 'See the keys of the ring and their states; a key expires by rotation and transition, or by call.',
  })
}

function longExpired(keys: readonly RingKey[], { algs, keepExpired }: RingSettings): readonly RingKey[] {
  return algs.flatMap((alg) =>
    keys
      .filter((key) => key.alg === alg && key.state === 'expired')
      .toSorted((a, b) => (b.leavesAt ?? 0) - (a.leavesAt ?? 0))
      .slice(keepExpired),
  )
}

function keyThatSigned(keys: readonly RingKey[], jwt: Jwt): RingKey | undefined {
  if (resignObstacle(jwt) !== undefined) return undefined
  const data = bytesOfText(jwt.signingInput)
  return keys.find(
    ({ kid, alg, key }) =>
      alg === jwt.alg && (jwt.kid === undefined || jwt.kid === kid) && key.verify(data, jwt.signature),
  )
}
