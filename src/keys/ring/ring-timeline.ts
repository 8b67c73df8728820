import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import type { RingKey, RingState } from './ring-key.ts'
import type { RingRecord } from './ring-record.ts'

/** Something that happened to a key, told once. */
export interface RingEvent {
  readonly event: 'published' | 'active' | 'retiring' | 'expired'
  readonly kid: string
  readonly alg: AlgName
  /** The state it brings. */
  readonly state: RingState
  /** When it happened, which may be before it is told. */
  readonly at: EpochSeconds
}

/** An event with what makes it another than every other one of the ring. */
export type NamedRingEvent = RingEvent & { readonly name: string }

/** The keys of a ring at a moment, in order of arrival within each alg. The clock alone decides their states. */
export function ringKeysAt(
  records: readonly RingRecord[],
  transitionSeconds: number,
  now: EpochSeconds,
): readonly RingKey[] {
  return livesOf(records, transitionSeconds).map((life) => {
    const { kid, alg, key, publishedAt, activeAt } = life.record
    const { retiresAt, leavesAt } = life
    return { kid, alg, state: stateAt(life, now), key, publishedAt, activeAt, retiresAt, leavesAt }
  })
}

/** The signing keys of an alg in the order in which they sign, those withdrawn before their time left out. */
export function signingChain(records: readonly RingRecord[], alg: AlgName): readonly RingRecord[] {
  return records
    .filter((record) => record.alg === alg && signsAtAll(record))
    .toSorted((a, b) => a.activeAt - b.activeAt || a.number - b.number)
}

/** Everything that has happened or is planned, in order of time. */
export function ringEvents(
  records: readonly RingRecord[],
  transitionSeconds: number,
): readonly NamedRingEvent[] {
  return livesOf(records, transitionSeconds)
    .flatMap(eventsOf)
    .toSorted((a, b) => a.at - b.at || EVENT_ORDER.indexOf(a.event) - EVENT_ORDER.indexOf(b.event))
}

/** The first moment after `now` at which a state changes by itself; Infinity when none does. */
export function nextChangeAfter(
  records: readonly RingRecord[],
  transitionSeconds: number,
  now: EpochSeconds,
): EpochSeconds {
  const moments = ringEvents(records, transitionSeconds).map(({ at }) => at)
  return Math.min(...moments.filter((at) => at > now), Infinity)
}

/** A record among its neighbours. */
interface Life {
  readonly record: RingRecord
  /** Nobody signed before it, so it signs whatever the clock says: clocks are set back, and a ring always signs. */
  readonly isFirst: boolean
  readonly signs: boolean
  readonly retiresAt: EpochSeconds | undefined
  readonly leavesAt: EpochSeconds | undefined
}

const EVENT_ORDER: readonly RingEvent['event'][] = ['published', 'active', 'retiring', 'expired']

function livesOf(records: readonly RingRecord[], transitionSeconds: number): readonly Life[] {
  const chains = new Map<AlgName, readonly RingRecord[]>()
  return records.map((record) => {
    const chain = chains.get(record.alg) ?? signingChain(records, record.alg)
    chains.set(record.alg, chain)
    const place = chain.indexOf(record)
    const successor = place === -1 ? undefined : chain[place + 1]
    const retiresAt = record.verifiesOnly === true ? record.publishedAt : successor?.activeAt
    const leaves = [record.expiredAt, successor && successor.activeAt + transitionSeconds]
    const leavesAt = Math.min(...leaves.filter((at) => at !== undefined), Infinity)
    return {
      record,
      isFirst: place === 0,
      signs: place !== -1,
      retiresAt,
      leavesAt: leavesAt === Infinity ? undefined : leavesAt,
    }
  })
}

function signsAtAll({ activeAt, expiredAt, verifiesOnly }: RingRecord): boolean {
  return verifiesOnly !== true && (expiredAt === undefined || expiredAt > activeAt)
}

function stateAt({ record, isFirst, retiresAt, leavesAt }: Life, now: EpochSeconds): RingState {
  if (leavesAt !== undefined && leavesAt <= now) return 'expired'
  if (retiresAt !== undefined && (retiresAt <= now || record.verifiesOnly === true)) return 'retiring'
  return record.activeAt <= now || isFirst ? 'active' : 'next'
}

function eventsOf({ record, signs, retiresAt, leavesAt }: Life): readonly NamedRingEvent[] {
  const { kid, alg } = record
  const one = (
    event: RingEvent['event'],
    state: RingState,
    at: EpochSeconds | undefined,
  ): readonly NamedRingEvent[] =>
    at === undefined || (leavesAt !== undefined && at > leavesAt)
      ? []
      : [{ event, kid, alg, state, at, name: `${kid} ${event} ${at}` }]
  return [
    ...one('published', 'next', record.publishedAt),
    ...one('active', 'active', signs ? record.activeAt : undefined),
    ...one('retiring', 'retiring', retiresAt),
    ...one('expired', 'expired', leavesAt),
  ]
}
