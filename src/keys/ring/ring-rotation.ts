import { ResealError } from '../../core/errors.ts'
import type { EpochSeconds } from '../../core/time.ts'
import type { AlgName } from '../algorithms.ts'
import type { RingKey } from './ring-key.ts'
import type { RingLedger } from './ring-ledger.ts'
import type { RingRecord } from './ring-record.ts'
import type { RingSettings } from './ring-settings.ts'
import { ringKeysAt, signingChain } from './ring-timeline.ts'
import type { SigningKey } from '../signing-key.ts'

/** How the keys of a ring follow one another. Calls must not overlap, but for different algs. */
export interface RingRotation {
  /** Sees to it that the ring can sign: mounted keys first, made ones where an alg has none. */
  begin(keys: readonly SigningKey[], now: EpochSeconds): Promise<void>
  /**
   * Makes the next key of an alg, published now, signing after the lead. A next key that is there already is not
   * replaced: it signs after the lead, if that is sooner. 14 of 42 clients refuse a second new key within a minute.
   */
  advance(alg: AlgName, now: EpochSeconds, leadSeconds: number): Promise<RingRecord>
  /**
   * Makes this key the next one. Another next key is withdrawn: nothing was signed with it yet. A key that still is
   * published, such as the one before when a rotation is rolled back, need not wait for the lead again; the key that
   * signs already stays.
   * @throws ResealError KEY_UNFIT for an alg that is not the ring's
   */
  succeed(key: SigningKey, now: EpochSeconds, leadSeconds: number): Promise<RingRecord>
  /**
   * Takes a key out of the JWKS now. Is it the one that signs, the next key signs at once.
   * @throws ResealError KEY_MISSING for a kid that the ring does not have
   * @throws ResealError USAGE for the only key that can sign
   */
  expire(kid: string, now: EpochSeconds): void
  /** When the next key of an alg must be published for it to sign in time; undefined without rotation by time. */
  publicationAt(alg: AlgName): EpochSeconds | undefined
  /** Publishes the next key of an alg if {@link RingRotation.publicationAt} has come. Late, the lead is kept all the same. */
  prepare(alg: AlgName, now: EpochSeconds): Promise<void>
}

export function ringRotation(ledger: RingLedger, settings: RingSettings): RingRotation {
  const rotation: RingRotation = {
    begin: async (keys, now) => {
      const misfit = keys.find(({ alg }) => !isAlgOf(settings, alg))
      if (misfit !== undefined) throw misfitKey(misfit, settings)
      // One after the other: the set lists the algs in the order the user named them.
      for (const alg of settings.algs) {
        const own = keys.filter((key) => key.alg === alg)
        await beginAlg({ ledger, rotation, settings }, alg, own, now)
      }
    },
    advance: async (alg, now, leadSeconds) => {
      const [pending] = pendingIn(ledger, alg, now)
      if (pending !== undefined) return hastened(ledger, pending, now + leadSeconds)
      const made = await settings.make(alg)
      return ledger.add(made, { publishedAt: now, activeAt: now + leadSeconds })
    },
    succeed: async (key, now, leadSeconds) => {
      const { alg } = key
      if (!isAlgOf(settings, alg)) throw misfitKey(key, settings)
      const known = await ledger.find(key)
      const others = pendingIn(ledger, alg, now).filter((record) => record !== known)
      const times = { publishedAt: now, activeAt: now + leadSeconds }
      const record =
        known === undefined
          ? ledger.add({ key, secret: undefined }, times)
          : returned({ ledger, settings }, known, now, leadSeconds)
      for (const other of others) ledger.change({ ...other, expiredAt: now })
      return record
    },
    expire: (kid, now) => expireKey({ ledger, settings }, kid, now),
    publicationAt: (alg) => publicationAt({ ledger, settings }, alg),
    prepare: async (alg, now) => {
      const at = publicationAt({ ledger, settings }, alg)
      if (at === undefined || at > now) return
      const made = await settings.make(alg)
      ledger.add(made, { publishedAt: now, activeAt: now + regularLead(settings) })
    },
  }
  return rotation
}

interface Ring {
  readonly ledger: RingLedger
  readonly settings: RingSettings
}

async function beginAlg(
  { ledger, rotation, settings }: Ring & { readonly rotation: RingRotation },
  alg: AlgName,
  [first, ...others]: readonly SigningKey[],
  now: EpochSeconds,
): Promise<void> {
  const signs = statesAt({ ledger, settings }, now).some(
    (key) => key.alg === alg && (key.state === 'active' || key.state === 'next'),
  )
  if (first !== undefined && !(signs && (await ledger.find(first)) !== undefined)) {
    await rotation.succeed(first, now, signs ? settings.leadSeconds : 0)
  } else if (!signs) {
    await rotation.advance(alg, now, 0)
  }
  for (const key of others) {
    if ((await ledger.find(key)) !== undefined) continue
    ledger.add({ key, secret: undefined }, { publishedAt: now, activeAt: now, verifiesOnly: true })
  }
}

function statesAt({ ledger, settings }: Ring, now: EpochSeconds): readonly RingKey[] {
  return ringKeysAt(ledger.records, settings.transitionSeconds, now)
}

/** The keys that are to sign after the one that signs now. */
function pendingIn(ledger: RingLedger, alg: AlgName, now: EpochSeconds): readonly RingRecord[] {
  return signingChain(ledger.records, alg)
    .slice(1)
    .filter((record) => record.activeAt > now)
}

function hastened(ledger: RingLedger, record: RingRecord, activeAt: EpochSeconds): RingRecord {
  if (record.activeAt <= activeAt) return record
  const sooner = { ...record, activeAt }
  ledger.change(sooner)
  return sooner
}

/** A key the ring has or had becomes the next one, unless it is that already or signs now. */
function returned(
  { ledger, settings }: Ring,
  known: RingRecord,
  now: EpochSeconds,
  lead: number,
): RingRecord {
  const state = statesAt({ ledger, settings }, now).find(({ kid }) => kid === known.kid)?.state
  if (state === 'active') return known
  if (state === 'next') return hastened(ledger, known, now + lead)
  const publishedAt = state === 'retiring' ? known.publishedAt : now
  const signer = signingChain(ledger.records, known.alg).findLast((record) => record.activeAt <= now)
  // Of two keys that begin in the same second the later made one signs, and that is not this one.
  const earliest = signer === undefined ? now : Math.max(now, signer.activeAt + 1)
  const again: RingRecord = {
    ...known,
    publishedAt,
    activeAt: Math.max(earliest, publishedAt + lead),
    expiredAt: undefined,
    verifiesOnly: undefined,
  }
  ledger.change(again)
  return again
}

function expireKey({ ledger, settings }: Ring, kid: string, now: EpochSeconds): void {
  const state = statesAt({ ledger, settings }, now).find((key) => key.kid === kid)?.state
  const record = ledger.records.find((each) => each.kid === kid)
  if (record === undefined) {
    throw new ResealError('KEY_MISSING', `The key ring has no key ${JSON.stringify(kid.slice(0, 80))}.`, {
      hint: 'Name the kid of one of its keys, as the JWKS lists them.',
    })
  }
  if (state === 'expired') return
  if (state === 'active') {
    const [next] = pendingIn(ledger, record.alg, now)
    if (next === undefined) {
      throw new ResealError(
        'USAGE',
        `The key "${kid}" is the only one that can sign ${record.alg}, so it stays.`,
        {
          hint: 'Rotate first, with a lead of 0 if its successor is to sign at once.',
        },
      )
    }
    hastened(ledger, next, now)
  }
  ledger.change({ ...record, expiredAt: now })
}

function publicationAt({ ledger, settings }: Ring, alg: AlgName): EpochSeconds | undefined {
  const last = signingChain(ledger.records, alg).at(-1)
  if (last === undefined || settings.rotateEverySeconds === undefined) return undefined
  return last.activeAt + settings.rotateEverySeconds - regularLead(settings)
}

/** Where keys change more often than the lead, the time between two changes is all there is to lead by. */
function regularLead({ leadSeconds, rotateEverySeconds = Infinity }: RingSettings): number {
  return Math.min(leadSeconds, rotateEverySeconds)
}

function isAlgOf(settings: RingSettings, alg: SigningKey['alg']): alg is AlgName {
  return settings.algs.some((own) => own === alg)
}

function misfitKey({ alg, source }: SigningKey, { algs }: RingSettings): ResealError {
  return new ResealError(
    'KEY_UNFIT',
    `The key ${source} is for ${alg}, and the key ring signs ${algs.join(', ')}.`,
    {
      hint: 'Mount a key for that alg, or name the alg of this one among the algs of the ring.',
    },
  )
}
