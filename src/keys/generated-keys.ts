import { createHash } from 'node:crypto'
import { bytesOfText } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import { memberOf, stringValue } from '../core/json.ts'
import type { Jwt } from '../core/jwt.ts'
import { unfitKey, unknownAlg, type AlgChoice } from './alg-choice.ts'
import { ALGORITHMS, isAlgName, type AlgName } from './algorithms.ts'
import { jwkFileText } from './jwk-file.ts'
import { keepSecret } from './kept-secret.ts'
import { parseKeyFile } from './key-file.ts'
import type { KeySource } from './key-source.ts'
import type { SecretFile, Secrets } from './secrets.ts'
import { signingKey, UNSIGNED, type SigningKey } from './signing-key.ts'

/** Where made keys are kept, below the secrets directory. */
const GENERATED_DIRECTORY = 'generated'

/**
 * Keys that reseal makes itself, for tokens whose real key nobody has: one for each issuer, `alg` and `kid`, made when
 * first asked for, kept as `<secrets>/generated/<issuer>-<alg>-<kid>-<hash>.jwk.json` and found there the next time.
 */
export function generatedKeys(secrets: Secrets): KeySource {
  const made = new Map<string, SigningKey>()
  const notes: string[] = []
  return {
    keyFor: (token, choice = 'keep') => {
      const alg = algFor(token, choice)
      if (alg === 'none') return UNSIGNED
      const name = fileName(token, alg)
      const known = made.get(name)
      if (known !== undefined) return known
      const file = existing(secrets, name) ?? keepSecret(secrets, name, newKeyFile(alg, token.kid))
      const key = keyOf(file, alg)
      made.set(name, key)
      notes.push(`${key.source} stands in for the key that signed the recording`)
      return key
    },
    get notes() {
      return [...notes]
    },
  }
}

function algFor(token: Jwt, choice: AlgChoice): AlgName | 'none' {
  if (choice !== 'keep' && choice !== 'auto') return choice
  if (token.alg === 'none') return 'none'
  if (isAlgName(token.alg)) return token.alg
  if (choice === 'auto') return 'RS256'
  throw unknownAlg(token.alg, 'Name the `alg` to sign it with instead, such as RS256.')
}

function existing(secrets: Secrets, name: string): SecretFile | undefined {
  try {
    return secrets.read(name)
  } catch (error) {
    // Not made yet; any other reason is the user's to hear.
    if (error instanceof ResealError && error.code === 'SECRET_MISSING') return undefined
    throw error
  }
}

function newKeyFile(alg: AlgName, kid: string | undefined): Uint8Array {
  return bytesOfText(jwkFileText(ALGORITHMS[alg].generate(), { ...(kid === undefined ? {} : { kid }), alg }))
}

function keyOf(file: SecretFile, alg: AlgName): SigningKey {
  const keyFile = parseKeyFile(file)
  const candidates = keyFile.kind === 'keys' ? keyFile.keys : []
  const candidate = candidates.find(({ key }) => ALGORITHMS[alg].fits(key))
  if (candidate === undefined) {
    throw unfitKey({ keys: candidates.map(({ key }) => key), from: file.name, choice: alg, tokenAlg: alg })
  }
  return signingKey({ ...candidate, alg, from: file.name })
}

/** Readable, and by its hash a different name for every issuer, `alg` and `kid`. */
function fileName(token: Jwt, alg: AlgName): string {
  const issuer = stringValue(token.payload.text, memberOf(token.payload.object, 'iss'))
  const identity = JSON.stringify([issuer ?? null, alg, token.kid ?? null])
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  const readable = [hostOf(issuer ?? ''), alg, token.kid ?? ''].map(slug).filter((part) => part !== '')
  return `${GENERATED_DIRECTORY}/${[...readable, hash].join('-')}.jwk.json`
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host || issuer : issuer
}

function slug(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 48)
}
