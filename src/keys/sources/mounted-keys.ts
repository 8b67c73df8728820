import { createSecretKey, type X509Certificate } from 'node:crypto'
import type { Jwt } from '../../core/jwt.ts'
import { isRedactedSignature, signaturePart } from '../../core/redacted-signature.ts'
import { type AlgChoice, chosenAlg, unfitKey } from './alg-choice.ts'
import { ALGORITHMS, hashLength, type AlgName } from '../algorithms.ts'
import { certificateChain } from '../certificate-chain.ts'
import { hmacReadings, withoutLastLineEnd, type HmacOptions } from '../files/hmac-secret.ts'
import type { KeyCandidate } from '../files/key-candidate.ts'
import { parseKeyFile, type KeyFile } from '../files/key-file.ts'
import type { KeySource } from './key-source.ts'
import { readPem } from '../files/pem.ts'
import { certificateOfDer } from '../files/private-key.ts'
import type { SecretFile, Secrets } from '../files/secrets.ts'
import { keyVerifies, signingKey, UNSIGNED, type SigningKey } from '../signing-key.ts'

export interface MountedKeyOptions extends HmacOptions {
  readonly secretPath: string
  /** Second secret file, whose bytes without one line end open an encrypted key. */
  readonly passphrasePath?: string | undefined
}

/**
 * The keys in one mounted file. Everything is read and parsed at once, so that a wrong file fails at load. Of several
 * keys, or several readings of an HMAC secret, the one that verifies the recorded token is taken; without such proof
 * the key the token's `kid` names, then one whose JWK names the `alg`, then the first that fits.
 * @throws ResealError SECRET_OUTSIDE, SECRET_MISSING, SECRET_UNREADABLE, KEY_INVALID
 */
export function mountedKeys(secrets: Secrets, options: MountedKeyOptions): KeySource {
  const file = secrets.read(options.secretPath)
  const passphrase =
    options.passphrasePath === undefined
      ? undefined
      : withoutLastLineEnd(secrets.read(options.passphrasePath).bytes)
  const keyFile = parseKeyFile(file, { passphrase })
  const candidates = candidatesOf(keyFile, file, secrets, options)
  const made = new Map<string, SigningKey>()
  const notes = new Set(keyFile.notes)
  return {
    keyFor: (token, choice = 'keep') => {
      if (token.alg === 'none' && (choice === 'keep' || choice === 'auto')) return UNSIGNED
      const found = bestCandidate(candidates, token, choice)
      if (found === undefined) {
        const keys = candidates.map(({ key }) => key)
        throw unfitKey({ keys, from: file.name, choice, tokenAlg: token.alg })
      }
      for (const note of notesOn(found, file.name, { token, readings: candidates.length })) notes.add(note)
      const id = `${candidates.indexOf(found.candidate)} ${found.alg}`
      const key = made.get(id) ?? signingKey({ ...found.candidate, alg: found.alg, from: file.name })
      made.set(id, key)
      return key
    },
    get notes() {
      return [...notes]
    },
  }
}

/** A candidate, and for an HMAC secret how its file was read to get it. */
type MountedCandidate = KeyCandidate & { readonly how?: string }

function candidatesOf(
  keyFile: KeyFile,
  file: SecretFile,
  secrets: Secrets,
  options: MountedKeyOptions,
): readonly MountedCandidate[] {
  if (keyFile.kind === 'secret') {
    return hmacReadings(keyFile.bytes, file.name, options).map(({ bytes, how }) => ({
      key: createSecretKey(bytes),
      kid: undefined,
      alg: undefined,
      certificates: [],
      how,
    }))
  }
  const beside = certificatesBeside(secrets, file.name)
  return keyFile.keys.map((candidate) =>
    candidate.certificates.length > 0 || candidate.key.type === 'secret'
      ? candidate
      : { ...candidate, certificates: certificateChain(candidate.key, beside) },
  )
}

/** Kubernetes mounts `tls.crt` beside `tls.key`. */
function certificatesBeside(secrets: Secrets, name: string): readonly X509Certificate[] {
  if (!name.endsWith('.key')) return []
  try {
    const { bytes } = secrets.read(name.replace(/\.key$/, '.crt'))
    return readPem(Buffer.from(bytes).toString('latin1')).blocks.flatMap(
      ({ der }) => certificateOfDer(der) ?? [],
    )
  } catch {
    // Nobody asked for certificates: a key signs without them.
    return []
  }
}

interface Found {
  readonly candidate: MountedCandidate
  readonly alg: AlgName
  /** Whether it verified the recorded token. */
  readonly proven: boolean
}

function bestCandidate(
  candidates: readonly MountedCandidate[],
  token: Jwt,
  choice: AlgChoice,
): Found | undefined {
  const fitting = candidates.flatMap((candidate) => {
    const alg = chosenAlg(choice, candidate.key, token.alg)
    return alg === undefined ? [] : [{ candidate, alg }]
  })
  const proven = fitting.find(({ candidate }) => keyVerifies(candidate.key, token) === true)
  if (proven !== undefined) return { ...proven, proven: true }
  const chosen =
    fitting.find(({ candidate }) => candidate.kid !== undefined && candidate.kid === token.kid) ??
    fitting.find(({ candidate }) => candidate.alg === token.alg) ??
    fitting.find(({ candidate, alg }) => candidate.alg === alg) ??
    fitting[0]
  return chosen && { ...chosen, proven: false }
}

function notesOn(
  { candidate, alg, proven }: Found,
  name: string,
  { token, readings }: { readonly token: Jwt; readonly readings: number },
): readonly string[] {
  const notes: string[] = []
  const { hash } = ALGORITHMS[alg]
  if (candidate.how !== undefined && !proven && readings > 1) {
    const why = isRedactedSignature(signaturePart(token.token))
      ? `the recorded token is redacted and proves no reading of ${name}`
      : `no reading of ${name} verifies the recorded token`
    notes.push(`${why}, so the secret is taken ${candidate.how}`)
  }
  if (candidate.key.type === 'secret' && hash !== undefined) {
    const least = hashLength(hash)
    if ((candidate.key.symmetricKeySize ?? 0) < least) {
      notes.push(
        `${name} is shorter than the ${least} bytes ${alg} asks for (RFC 7518 §3.2); some clients refuse it`,
      )
    }
  }
  return notes
}
