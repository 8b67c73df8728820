import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import type { BinaryText } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import {
  jsonOf,
  jsonText,
  memberOf,
  scanJson,
  stringValue,
  utf8Json,
  type JsonArray,
  type JsonObject,
} from '../core/json.ts'
import { base64urlBytes, type Jwt } from '../core/jwt.ts'
import { certificateMembers } from './certificate-chain.ts'
import { keyVerifies, type SigningKey } from './signing-key.ts'
import type { PublicJwk } from './public-jwk.ts'

/** A recorded JWK Set (RFC 7517 §5) with its places in the text, so that keys can be replaced one by one. */
export interface JwksDocument {
  readonly text: BinaryText
  /** The `keys` list. */
  readonly keys: JsonArray
  readonly entries: readonly JwksEntry[]
}

/** One key of a recorded set. */
export interface JwksEntry {
  /** Place of the key's object in the text. */
  readonly start: number
  readonly end: number
  readonly kty: string
  readonly kid: string | undefined
  readonly alg: string | undefined
  readonly crv: string | undefined
  readonly use: string | undefined
  readonly hasKeyOps: boolean
  /** Names of all its members. */
  readonly members: ReadonlySet<string>
  /**
   * Whether this key signed the token; false as well for a key marked for encryption or not for verifying
   * (RFC 7517 §4.2, §4.3). Its `alg` label is no proof against a signature that is right. Undefined when the key is of no kind that can be imported.
   */
  verifies(jwt: Jwt): boolean | undefined
}

/**
 * Recognises a JWK Set by its shape: an object whose `keys` is a list of objects with a string `kty`; an empty list
 * counts when the object has nothing else.
 * @returns undefined for every other text
 */
export function findJwks(text: BinaryText): JwksDocument | undefined {
  // Most bodies are something else, and need not be scanned to know it.
  if (!text.includes('"keys"')) return undefined
  const root = scanJson(text)
  const keys = memberOf(root, 'keys')
  if (root?.kind !== 'object' || keys?.kind !== 'array') return undefined
  if (keys.items.length === 0 && root.members.length > 1) return undefined
  const entries: JwksEntry[] = []
  for (const item of keys.items) {
    const kty = stringValue(text, memberOf(item, 'kty'))
    if (item.kind !== 'object' || kty === undefined) return undefined
    entries.push(entryOf(text, item, kty))
  }
  return { text, keys, entries }
}

/**
 * Our public key as JSON text, to stand in a set where the recorded key stood: `kid` as the tokens carry it; `alg` and
 * `use` or `key_ops` (never both, RFC 7517 §4.3) as recorded; certificates only where they are the key's own.
 * @param like the recorded entry it replaces; without one it is given `alg` and `use: sig`
 * @param kid undefined for a key without name
 * @throws ResealError KEY_UNFIT for a key without public half: secrets are never published (RFC 7517 §9.2)
 */
export function publishedJwk(
  key: SigningKey,
  like: JwksEntry | undefined,
  kid: string | undefined,
): BinaryText {
  if (key.publicJwk === undefined) {
    throw new ResealError('KEY_UNFIT', `The key ${key.source} has no public half that could be published.`)
  }
  const { kty, ...material } = key.publicJwk
  const certificates = [...certificateMembers(key.certificates)].filter(([name]) => like?.members.has(name))
  return jsonOf({
    kty,
    ...(kid === undefined ? {} : { kid }),
    ...(like !== undefined && like.use === undefined && like.hasKeyOps
      ? { key_ops: ['verify'] }
      : { use: 'sig' }),
    ...(like !== undefined && like.alg === undefined ? {} : { alg: key.alg }),
    ...material,
    ...Object.fromEntries(certificates),
  })
}

/** Curves at whose sight some clients drop the whole set. */
const EXOTIC_CURVES = new Set(['secp256k1', 'Ed25519', 'Ed448'])

/** Whether a key may be put into a recorded set: one of an exotic curve only where clients already met that curve. */
export function mayJoin(document: JwksDocument, jwk: PublicJwk): boolean {
  if (jwk.kty === 'RSA' || !EXOTIC_CURVES.has(jwk.crv)) return true
  return document.entries.some(({ kty, crv }) => kty === jwk.kty && crv === jwk.crv)
}

function entryOf(text: BinaryText, object: JsonObject, kty: string): JwksEntry {
  const named = (name: string): string | undefined => stringValue(text, memberOf(object, name))
  const jwk = jsonText(text, object)
  const use = named('use')
  let imported: { readonly key: KeyObject | undefined } | undefined
  return {
    start: object.start,
    end: object.end,
    kty,
    kid: named('kid'),
    alg: named('alg'),
    crv: named('crv'),
    use,
    hasKeyOps: memberOf(object, 'key_ops') !== undefined,
    members: new Set(object.members.map(({ name }) => name)),
    verifies: (jwt) => {
      imported ??= { key: publicKeyOf(jwk) }
      if (imported.key === undefined) return undefined
      return mayVerify(jwk, use) && keyVerifies(imported.key, jwt)
    },
  }
}

function mayVerify(jwk: BinaryText, use: string | undefined): boolean {
  const { key_ops: operations } = recordOf(jwk)
  return (
    (use ?? 'sig') === 'sig' &&
    (!Array.isArray(operations) || operations.includes('verify') || operations.includes('sign'))
  )
}

/** The key to verify with; undefined for kinds and curves that Node cannot import. */
function publicKeyOf(jwk: BinaryText): KeyObject | undefined {
  const { d: _private, ...members } = recordOf(jwk)
  try {
    if (members['kty'] !== 'oct') return createPublicKey({ key: members, format: 'jwk' })
    const secret = typeof members['k'] === 'string' ? base64urlBytes(members['k']) : undefined
    return secret && createSecretKey(secret)
  } catch {
    // Unknown kty or crv, or a member missing: such a key is passed over, never the set (RFC 7517 §5).
    return undefined
  }
}

function recordOf(jwk: BinaryText): Record<string, unknown> {
  const value = utf8Json(jwk)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
