import { ResealError } from '../../core/errors.ts'
import type { AlgName } from '../algorithms.ts'
import { createKeyNames, type KeyNames } from './key-names.ts'
import { isSameKey, type MadeKey } from './made-key.ts'
import { openRingDirectory, type RingDirectory, type StoredKey } from './ring-directory.ts'
import type { RecordTimes, RingRecord } from './ring-record.ts'
import type { SigningKey } from '../signing-key.ts'

/** The records of a ring, in memory and, where it has a directory, on the disk first. */
export interface RingLedger {
  readonly records: readonly RingRecord[]
  /** Grows with every change of the records. */
  readonly revision: number
  /** The record of this very key, if the ring has it. */
  find(key: SigningKey): Promise<RingRecord | undefined>
  /**
   * Adds a key. Where another process has just made the key of that number, its key is taken and this one forgotten.
   * @throws ResealError SECRET_UNWRITABLE, and nothing has changed
   */
  add(made: MadeKey, times: RecordTimes): RingRecord
  /** Replaces the record of the same alg and number. @throws ResealError SECRET_UNWRITABLE */
  change(record: RingRecord): void
  /** Forgets a key, but for its name. @throws ResealError SECRET_UNWRITABLE */
  drop(kid: string): void
  /** Takes over what other processes did to the directory. @throws ResealError KEY_INVALID, SECRET_UNREADABLE */
  reload(): void
}

export interface RingLedgerOptions {
  readonly algs: readonly AlgName[]
  /** Keys of mounted files; the directory remembers only their times. */
  readonly mounted: readonly SigningKey[]
  readonly directory: string | undefined
}

/** @throws ResealError KEY_INVALID, SECRET_UNREADABLE for a directory that is damaged or not readable */
export function openRingLedger({ algs, mounted, directory }: RingLedgerOptions): RingLedger {
  const disk = directory === undefined ? undefined : openRingDirectory(directory)
  const names = createKeyNames()
  let records: readonly RingRecord[] = []
  let revision = 0
  const replace = (next: readonly RingRecord[]): void => {
    records = next
    revision += 1
  }
  const ledger: RingLedger = {
    get records() {
      return records
    },
    get revision() {
      return revision
    },
    find: async (key) => {
      for (const record of records) if (await isSameKey(record.key, key)) return record
      return undefined
    },
    add: (made, times) => {
      const record = added(made, times, { records, names, disk })
      names.hold(record.kid, record.key)
      replace([...records, record])
      return record
    },
    change: (record) => {
      if (record.kept) disk?.change(record)
      replace(records.map((each) => (isSameRecord(each, record) ? record : each)))
    },
    drop: (kid) => {
      for (const record of records) if (record.kid === kid && record.kept) disk?.remove(record)
      replace(records.filter((record) => record.kid !== kid))
    },
    reload: () => {
      const stored = algs.flatMap((alg) => disk?.keys(alg) ?? [])
      for (const { kid, alg, mounted: thumbprint } of stored) {
        if (thumbprint !== undefined) names.hold(kid, { alg, thumbprint })
      }
      const merged = mergedRecords(records, stored, mounted)
      for (const { kid, key } of merged) names.hold(kid, key)
      if (merged.some((record, index) => record !== records[index])) replace(merged)
    },
  }
  ledger.reload()
  return ledger
}

interface Holdings {
  readonly records: readonly RingRecord[]
  readonly names: KeyNames
  readonly disk: RingDirectory | undefined
}

function added(made: MadeKey, times: RecordTimes, { records, names, disk }: Holdings): RingRecord {
  const { key, secret } = made
  // A mounted HMAC secret has no public half to know it by at the next start.
  const kept = disk !== undefined && (secret !== undefined || key.thumbprint !== undefined)
  const kid = names.nameFor(key)
  const alg = signingAlg(key)
  for (let number = nextNumber(alg, records); ; number += 1) {
    const record: RingRecord = { ...times, kid, alg, key, number, kept }
    const stored = kept ? disk.add(record, made) : undefined
    if (stored === undefined || stored.kid === kid) return record
    const isOver = secret === undefined || stored.times.expiredAt !== undefined
    const theirs = isOver ? undefined : stored.key()
    if (theirs !== undefined) return { ...stored.times, kid: stored.kid, alg, key: theirs, number, kept }
  }
}

/** The number after the last one known here: what is on the disk beyond it was made since, by another process. */
function nextNumber(alg: AlgName, records: readonly RingRecord[]): number {
  const taken = records.filter((record) => record.alg === alg).map(({ number }) => number)
  return Math.max(0, ...taken) + 1
}

/** @throws ResealError KEY_UNFIT for `none`, which is no key */
function signingAlg({ alg, source }: SigningKey): AlgName {
  if (alg !== 'none') return alg
  throw new ResealError('KEY_UNFIT', `A key ring cannot sign with ${source}.`)
}

/** What the disk says goes for the times; a record that has not changed stays the same object. */
function mergedRecords(
  records: readonly RingRecord[],
  stored: readonly StoredKey[],
  mounted: readonly SigningKey[],
): readonly RingRecord[] {
  const updated = records.map((record) => {
    const times = stored.find((each) => isSameRecord(each, record) && each.kid === record.kid)?.times
    return times === undefined || isSameTimes(times, record) ? record : { ...record, ...times }
  })
  const fresh = stored.filter((each) => !records.some((record) => isSameRecord(each, record)))
  return [
    ...updated,
    ...fresh.flatMap((each) => {
      const { kid, alg, number, times } = each
      const key =
        each.key() ?? mounted.find((given) => given.alg === alg && given.thumbprint === each.mounted)
      return key === undefined ? [] : [{ ...times, kid, alg, key, number, kept: true }]
    }),
  ]
}

type RecordPlace = Pick<RingRecord, 'alg' | 'number'>

function isSameRecord(one: RecordPlace, other: RecordPlace): boolean {
  return one.alg === other.alg && one.number === other.number
}

function isSameTimes(one: RecordTimes, other: RecordTimes): boolean {
  return (
    one.publishedAt === other.publishedAt &&
    one.activeAt === other.activeAt &&
    one.expiredAt === other.expiredAt
  )
}
