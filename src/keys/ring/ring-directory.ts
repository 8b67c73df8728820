import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { binaryText } from '../../core/binary-text.ts'
import { ResealError, systemErrorCode } from '../../core/errors.ts'
import { scanJson, utf8Json } from '../../core/json.ts'
import { ALGORITHMS, type AlgName } from '../algorithms.ts'
import { keysOfJson } from '../files/jwk-file.ts'
import { keepSecret } from '../files/kept-secret.ts'
import type { MadeKey } from './made-key.ts'
import type { RecordTimes, RingRecord } from './ring-record.ts'
import { openSecrets, type SecretFile } from '../files/secrets.ts'
import { signingKey, type SigningKey } from '../signing-key.ts'
import { unusableKey } from '../files/unusable-key.ts'

/** A key file of a ring as it stands on the disk. */
export interface StoredKey {
  readonly kid: string
  readonly alg: AlgName
  readonly number: number
  readonly times: RecordTimes
  /** Thumbprint of a key that is mounted, and so is not in the directory itself. */
  readonly mounted: string | undefined
  /** The key; undefined for a mounted one. Parsed when called. */
  key(): SigningKey | undefined
}

/**
 * A ring's own directory: one file a key, `<alg>-<number>.jwk.json` (0600), which is a private JWK with the key's times
 * in a member `reseal`. Files appear and change whole, and nothing is spread over two of them, so that processes which
 * share the directory cannot corrupt it; two that make the key of the same number both end up with the first one's.
 */
export interface RingDirectory {
  /** Every key of this alg, by number. @throws ResealError KEY_INVALID, SECRET_UNREADABLE */
  keys(alg: AlgName): readonly StoredKey[]
  /** Keeps a new key unless its number is taken. Returns what is there now. @throws ResealError SECRET_UNWRITABLE */
  add(record: RingRecord, made: MadeKey): StoredKey
  /** Writes a known key's times anew; a key that is gone stays gone. @throws ResealError SECRET_UNWRITABLE */
  change(record: RingRecord): void
  remove(record: RingRecord): void
}

/** @param path need not exist; it is made (0700) with the first key */
export function openRingDirectory(path: string): RingDirectory {
  const files = openSecrets(path)
  const read = (alg: AlgName, number: number): StoredKey =>
    storedKey(files.read(fileName({ alg, number })), { alg, number })
  return {
    keys: (alg) =>
      numbersIn(files.directory, alg).flatMap((number) => unlessGone(() => read(alg, number)) ?? []),
    add: (record, { secret }) => {
      const { kid, alg } = record
      const key =
        secret === undefined ? { kid, alg } : { ...secret.export({ format: 'jwk' }), kid, alg, use: 'sig' }
      const mounted = secret === undefined ? record.key.thumbprint : undefined
      const text = fileText({ ...key, reseal: { ...timesOf(record), mounted } })
      writing(path, () => keepSecret(files, fileName(record), Buffer.from(text)))
      return read(alg, record.number)
    },
    change: (record) => {
      const name = fileName(record)
      const members = unlessGone(() => membersOf(files.read(name)))
      if (members === undefined) return
      const { mounted } = parseOwnMember(members['reseal'], name)
      const text = fileText({ ...members, reseal: { ...timesOf(record), mounted } })
      writing(path, () => replaceFile(join(files.directory, name), text))
    },
    remove: (record) => writing(path, () => rmSync(join(files.directory, fileName(record)), { force: true })),
  }
}

function fileName({ alg, number }: Pick<RingRecord, 'alg' | 'number'>): string {
  return `${alg}-${number}.jwk.json`
}

function fileText(members: Members): string {
  return `${JSON.stringify(members, undefined, 2)}\n`
}

function timesOf({ publishedAt, activeAt, expiredAt, verifiesOnly }: RecordTimes): RecordTimes {
  return { publishedAt, activeAt, expiredAt, verifiesOnly }
}

const FILE_NAME = /^([A-Za-z0-9]+)-([1-9]\d{0,8})\.jwk\.json$/

function numbersIn(directory: string, alg: AlgName): readonly number[] {
  return namesIn(directory)
    .map((name) => FILE_NAME.exec(name))
    .filter((match) => match?.[1] === alg)
    .map((match) => Number(match?.[2]))
    .toSorted((a, b) => a - b)
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    const code = systemErrorCode(error)
    // Made with the first key.
    if (code === 'ENOENT') return []
    throw new ResealError(
      'SECRET_UNREADABLE',
      `The key directory ${directory} cannot be listed (${code ?? 'unknown'}).`,
      { cause: error, hint: USABLE_DIRECTORY },
    )
  }
}

const USABLE_DIRECTORY = 'Name a directory of its own, which the user reseal runs as can read and write.'

function storedKey(file: SecretFile, { alg, number }: Pick<RingRecord, 'alg' | 'number'>): StoredKey {
  const members = membersOf(file)
  const { mounted, ...times } = parseOwnMember(members['reseal'], file.name)
  const { kid } = members
  if (typeof kid !== 'string' || members['alg'] !== alg) throw unusableKey('brokenJwk', file.name)
  return {
    kid,
    alg,
    number,
    times,
    mounted,
    key: () => {
      if (mounted !== undefined) return undefined
      const [candidate] = keysOfJson(binaryText(file.bytes), file.name)
      if (candidate === undefined || !ALGORITHMS[alg].fits(candidate.key)) {
        throw unusableKey('brokenJwk', file.name)
      }
      return signingKey({ ...candidate, alg, from: file.name })
    },
  }
}

type Members = Readonly<Record<string, unknown>>

function membersOf(file: SecretFile): Members {
  const text = binaryText(file.bytes)
  const members = scanJson(text) === undefined ? undefined : utf8Json(text)
  if (typeof members !== 'object' || members === null) throw unusableKey('otherJson', file.name)
  return { ...members }
}

type OwnMember = RecordTimes & { readonly mounted: string | undefined }

/** @throws ResealError KEY_INVALID */
function parseOwnMember(value: unknown, name: string): OwnMember {
  const member: Members = typeof value === 'object' && value !== null ? { ...value } : {}
  const { publishedAt, activeAt, expiredAt, verifiesOnly, mounted } = member
  if (
    typeof publishedAt !== 'number' ||
    typeof activeAt !== 'number' ||
    (expiredAt !== undefined && typeof expiredAt !== 'number') ||
    (mounted !== undefined && typeof mounted !== 'string')
  ) {
    throw new ResealError('KEY_INVALID', `The key file "${name}" does not say when its key is used.`, {
      hint: 'Keep mounted keys elsewhere: this directory holds the keys that reseal made, and nothing else.',
    })
  }
  return { publishedAt, activeAt, expiredAt, verifiesOnly: verifiesOnly === true || undefined, mounted }
}

/** Another process that shares the directory drops keys that expired long ago. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ResealError && error.code === 'SECRET_MISSING') return undefined
    throw error
  }
}

/** Readers see the old file or the new one, whole, and so does whoever comes after a crash. */
function replaceFile(path: string, text: string): void {
  const draft = join(dirname(path), `.${randomBytes(8).toString('hex')}.draft`)
  try {
    const descriptor = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, path)
  } finally {
    rmSync(draft, { force: true })
  }
}

function writing<T>(directory: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const code = error instanceof ResealError ? error.code : systemErrorCode(error)
    // What a key file says of itself needs no other words.
    if (error instanceof ResealError && code !== 'SECRET_UNWRITABLE') throw error
    throw new ResealError('SECRET_UNWRITABLE', `A key could not be kept in ${directory}.`, {
      cause: error,
      hint: USABLE_DIRECTORY,
    })
  }
}
