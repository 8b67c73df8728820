import { createHash, createSecretKey } from 'node:crypto'
import { autoAlg, unfitKey } from '../sources/alg-choice.ts'
import { ALGORITHMS, isAlgName, type AlgName } from '../algorithms.ts'
import { hmacReadings, withoutLastLineEnd, type HmacOptions } from '../files/hmac-secret.ts'
import { bareCandidate, type KeyCandidate } from '../files/key-candidate.ts'
import { parseKeyFile } from '../files/key-file.ts'
import type { SecretFile, Secrets } from '../files/secrets.ts'
import { signingKey, type SigningKey } from '../signing-key.ts'

/** A mounted file whose keys a ring signs with. */
export interface MountedRingFile extends HmacOptions {
  readonly secretPath: string
  /** Second secret file, whose bytes without one line end open an encrypted key. */
  readonly passphrasePath?: string | undefined
  /** What the ring signs; without it, each key's own alg: the one its JWK names, else the one that fits it best. */
  readonly algs?: readonly AlgName[] | undefined
}

export interface MountedRingKeys {
  /** In the order of `algs`, then of the file: the first of each alg is the one to sign with. */
  readonly keys: readonly SigningKey[]
  /** What people should know of how the file was read, as sentences without full stop. */
  readonly notes: readonly string[]
  /** Equal for equal content, and for no other. */
  readonly content: MountedContent
}

/** Stands for a mounted file's bytes, without telling them. */
export type MountedContent = string

/**
 * Reads the keys of a mounted file for a ring: PEM, DER, JWK, JWK Set or an HMAC secret.
 * @throws ResealError SECRET_OUTSIDE, SECRET_MISSING, SECRET_UNREADABLE, KEY_INVALID
 * @throws ResealError KEY_UNFIT when no key in it fits any of the algs
 */
export function mountedRingKeys(secrets: Secrets, mounted: MountedRingFile): MountedRingKeys {
  const { file, passphrase, content } = readMounted(secrets, mounted)
  const keyFile = parseKeyFile(file, { passphrase })
  const candidates =
    keyFile.kind === 'keys' ? keyFile.keys : [secretCandidate(keyFile.bytes, file.name, mounted)]
  const keys =
    mounted.algs === undefined ? ownAlgs(candidates, file) : forAlgs(candidates, mounted.algs, file)
  return { keys, notes: keyFile.notes, content }
}

/** What is in the mounted files now. @throws ResealError SECRET_OUTSIDE, SECRET_MISSING, SECRET_UNREADABLE */
export function mountedContent(secrets: Secrets, mounted: MountedRingFile): MountedContent {
  return readMounted(secrets, mounted).content
}

interface MountedFiles {
  readonly file: SecretFile
  readonly passphrase: Uint8Array | undefined
  readonly content: MountedContent
}

function readMounted(secrets: Secrets, { secretPath, passphrasePath }: MountedRingFile): MountedFiles {
  const file = secrets.read(secretPath)
  const passphrase = passphrasePath === undefined ? undefined : secrets.read(passphrasePath).bytes
  const hash = createHash('sha256').update(`${file.bytes.length} `).update(file.bytes)
  return {
    file,
    passphrase: passphrase && withoutLastLineEnd(passphrase),
    content: hash.update(passphrase ?? '').digest('base64url'),
  }
}

/** Without a recorded token to prove a reading, the first one is taken: the bytes without one line end. */
function secretCandidate(bytes: Uint8Array, name: string, options: HmacOptions): KeyCandidate {
  const [reading] = hmacReadings(bytes, name, options)
  return bareCandidate(createSecretKey(reading?.bytes ?? bytes))
}

function ownAlgs(candidates: readonly KeyCandidate[], file: SecretFile): readonly SigningKey[] {
  const keys = candidates.flatMap((candidate) => {
    const { key, alg: named = '' } = candidate
    const alg = isAlgName(named) && ALGORITHMS[named].fits(key) ? named : autoAlg(key, 'RS256')
    return alg === undefined ? [] : [signingKey({ ...candidate, alg, from: file.name })]
  })
  if (keys.length > 0) return keys
  throw unfitKey({
    keys: candidates.map(({ key }) => key),
    from: file.name,
    choice: 'auto',
    tokenAlg: 'RS256',
  })
}

function forAlgs(
  candidates: readonly KeyCandidate[],
  algs: readonly AlgName[],
  file: SecretFile,
): readonly SigningKey[] {
  const keys = algs.flatMap((alg) => {
    const fitting = candidates.filter(({ key }) => ALGORITHMS[alg].fits(key))
    const meant = fitting.filter((candidate) => candidate.alg === undefined || candidate.alg === alg)
    // A key that names another alg is better than none, as long as it fits.
    return (meant.length > 0 ? meant : fitting).map((candidate) =>
      signingKey({ ...candidate, alg, from: file.name }),
    )
  })
  if (keys.length > 0) return keys
  const [alg = 'RS256'] = algs
  throw unfitKey({ keys: candidates.map(({ key }) => key), from: file.name, choice: alg, tokenAlg: alg })
}
