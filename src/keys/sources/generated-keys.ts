import { createHash } from 'node:crypto'
import { bytesOfText } from '../../core/binary-text.ts'
import { memberOf, stringValue } from '../../core/json.ts'
import type { Jwt } from '../../core/jwt.ts'
import { unfitKey, unknownAlg, type AlgChoice } from './alg-choice.ts'
import { ALGORITHMS, isAlgName, type AlgName } from '../algorithms.ts'
import { jwkFileText } from '../files/jwk-file.ts'
import { keepSecret, keptSecret } from '../files/kept-secret.ts'
import { parseKeyFile } from '../files/key-file.ts'
import type { KeySource } from './key-source.ts'
import type { SecretFile, Secrets } from '../files/secrets.ts'
import { signingKey, UNSIGNED, type SigningKey } from '../signing-key.ts'

/** Where made keys are kept, below the secrets directory. */
const GENERATED_DIRECTORY = 'generated'

/**
 * Keys that reseal makes itself, for tokens whose real key nobody has, made when first asked for, kept as files below
 * `<secrets>/generated/` and found there the next time. Tokens of one `kid` and key type share a key, whatever their
 * issuer and `alg`: two keys of one `kid` in a JWKS would be refused, and one signer under two issuers is common
 * (Entra's access and id tokens). Tokens without `kid` share one for each issuer and key type. HMAC secrets, which no
 * JWKS tells of, are apart for each issuer, `alg` and `kid`.
 */
export function generatedKeys(secrets: Secrets): KeySource {
  const files = new Map<string, SecretFile>()
  const made = new Map<string, SigningKey>()
  const notes = new Set<string>()
  const fileFor = (token: Jwt, alg: AlgName): SecretFile => {
    const name = fileName(token, alg)
    const file =
      files.get(name) ?? keptSecret(secrets, name) ?? keepSecret(secrets, name, newKeyFile(alg, token.kid))
    files.set(name, file)
    return file
  }
  return {
    keyFor: (token, choice = 'keep') => {
      const alg = algFor(token, choice)
      if (alg === 'none') return UNSIGNED
      const file = fileFor(token, alg)
      const id = `${file.name} ${alg}`
      const key = made.get(id) ?? keyOf(file, alg)
      made.set(id, key)
      notes.add(`${key.source} stands in for the key that signed the recording`)
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

/** Only an HMAC secret is for one `alg`; the other keys sign with every one of their type. */
function newKeyFile(alg: AlgName, kid: string | undefined): Uint8Array {
  const { keyType, generate } = ALGORITHMS[alg]
  const members = { ...(kid === undefined ? {} : { kid }), ...(keyType === 'oct' ? { alg } : {}) }
  return bytesOfText(jwkFileText(generate(), members))
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

/** Readable, and by its hash a different name for every key. */
function fileName(token: Jwt, alg: AlgName): string {
  const identity = identityOf(token, alg)
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 12)
  const readable = [hostOf(identity.iss ?? ''), identity.type, identity.kid ?? '']
    .map(slug)
    .filter((part) => part !== '')
  return `${GENERATED_DIRECTORY}/${[...readable, hash].join('-')}.jwk.json`
}

/** What tokens have in common that share a key; its JSON text is hashed, so names and order are for ever. */
interface KeyIdentity {
  readonly iss?: string | undefined
  /** The key's type; for HMAC the `alg`. */
  readonly type: string
  readonly kid?: string | undefined
}

function identityOf({ payload, kid }: Jwt, alg: AlgName): KeyIdentity {
  const iss = stringValue(payload.text, memberOf(payload.object, 'iss'))
  const { keyType } = ALGORITHMS[alg]
  if (keyType === 'oct') return { iss, type: alg, kid }
  return kid === undefined ? { iss, type: keyType } : { type: keyType, kid }
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
