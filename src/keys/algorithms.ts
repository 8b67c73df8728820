import * as crypto from 'node:crypto'
import type { KeyObject, SignKeyObjectInput } from 'node:crypto'
import { promisify } from 'node:util'
import { rawEcdsaSignature } from './ecdsa-signature.ts'

const generateKeyPair = promisify(crypto.generateKeyPair)

/** What can be done with one `alg` value. Keys given to `sign` are private or secret ones that {@link Algorithm.fits}. */
export interface Algorithm {
  readonly name: AlgName
  /** The hash of `at_hash` and `c_hash`; undefined where the key's curve decides it (EdDSA). */
  readonly hash: HashName | undefined
  /** What a key must be for this algorithm, so that several may share one. */
  readonly keyType: KeyType
  /** The key it takes, in words that follow "takes": `an RSA key`. */
  readonly needs: string
  /** Whether a key, private or public, is of the kind and size this algorithm takes. */
  fits(key: KeyObject): boolean
  /** Signs; what takes longer than a hop to the thread pool happens there. */
  sign(data: Uint8Array, key: KeyObject): Promise<Uint8Array>
  signSync(data: Uint8Array, key: KeyObject): Uint8Array
  /** Whether the signature is exactly right for the data; false for anything else, never an exception. */
  verify(data: Uint8Array, signature: Uint8Array, key: KeyObject): boolean
  /** A new private key of its {@link Algorithm.keyType}, or a new secret as long as the hash. RSA takes about 0.1 s. */
  generate(): KeyObject
  /** The same, made on the thread pool, so that nobody waits for it. */
  generateInPool(): Promise<KeyObject>
}

export type HashName = 'sha256' | 'sha384' | 'sha512'

/** The JWS `alg` values reseal signs with (RFC 7518 §3.1, RFC 8037 §3.1, RFC 8812 §3.2, RFC 9864 §2.2). */
export type AlgName =
  | `${'RS' | 'PS' | 'ES' | 'HS'}${256 | 384 | 512}`
  | 'ES256K'
  | 'EdDSA'
  | 'Ed25519'
  | 'Ed448'

/** The kinds of key, `oct` for secrets, those on curves by JOSE's name of the curve (RFC 7518 §6.1, RFC 8037 §2). */
export type KeyType = 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'Ed25519' | 'Ed448' | 'oct'

const HASH_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const

/** One row per `alg`. */
export const ALGORITHMS: Readonly<Record<AlgName, Algorithm>> = {
  RS256: rsaPkcs1('RS256', 'sha256', 496),
  RS384: rsaPkcs1('RS384', 'sha384', 624),
  RS512: rsaPkcs1('RS512', 'sha512', 752),
  PS256: rsaPss('PS256', 'sha256'),
  PS384: rsaPss('PS384', 'sha384'),
  PS512: rsaPss('PS512', 'sha512'),
  ES256: ecdsa('ES256', 'sha256', { curve: 'prime256v1', width: 32, keyType: 'P-256', pooled: false }),
  ES384: ecdsa('ES384', 'sha384', { curve: 'secp384r1', width: 48, keyType: 'P-384', pooled: true }),
  ES512: ecdsa('ES512', 'sha512', { curve: 'secp521r1', width: 66, keyType: 'P-521', pooled: true }),
  ES256K: ecdsa('ES256K', 'sha256', {
    curve: 'secp256k1',
    width: 32,
    keyType: 'secp256k1',
    pooled: true,
  }),
  EdDSA: edwards('EdDSA', ['ed25519', 'ed448'], 'an Ed25519 or Ed448 key'),
  Ed25519: edwards('Ed25519', ['ed25519'], 'an Ed25519 key'),
  Ed448: edwards('Ed448', ['ed448'], 'an Ed448 key'),
  HS256: hmac('HS256', 'sha256'),
  HS384: hmac('HS384', 'sha384'),
  HS512: hmac('HS512', 'sha512'),
}

/** The row of an `alg` value, or undefined when reseal does not sign with it (`none` among them). */
export function algorithmNamed(name: string): Algorithm | undefined {
  return isAlgName(name) ? ALGORITHMS[name] : undefined
}

/** Whether this is an `alg` value with a row; upper and lower case count (RFC 7515 §4.1.1). */
export function isAlgName(name: string): name is AlgName {
  return Object.hasOwn(ALGORITHMS, name)
}

/** Bytes a hash is long. */
export function hashLength(hash: HashName): 32 | 48 | 64 {
  return HASH_BYTES[hash]
}

/**
 * The left half of the hash of a value, in base64url: `at_hash`, `c_hash` and `s_hash` (OpenID Connect Core
 * §3.1.3.6, §3.3.2.11). The hash is that of the id_token's `alg`; Ed25519 hashes with SHA-512 and Ed448 with
 * SHAKE256 of 114 bytes, the hashes inside those schemes (RFC 8032 §5), as the OpenID working group settled it.
 * @param curve the key's curve, which only the name `EdDSA` leaves open
 * @returns undefined for an `alg` that has no hash here, such as `none`
 */
export function halfHash(
  alg: string,
  value: string,
  curve: 'Ed25519' | 'Ed448' = 'Ed25519',
): string | undefined {
  const algorithm = algorithmNamed(alg)
  if (algorithm === undefined) return undefined
  const whole = fullHash(algorithm, curve).update(value, 'latin1').digest()
  return whole.subarray(0, whole.length / 2).toString('base64url')
}

/** Node names a hash of an RSA-PSS key as OpenSSL prints it, so compare without case and dashes. */
function sameHash(name: string | undefined, hash: HashName): boolean {
  return name === undefined || name.toLowerCase().replace('-', '') === hash
}

function rsaPkcs1(name: AlgName, hash: HashName, leastBits: number): Algorithm {
  return pooledSignature(name, hash, {
    needs: 'an RSA key',
    // The padded hash must fit the modulus: 11 bytes, DigestInfo and hash (RFC 8017 §9.2).
    fits: (key) => key.asymmetricKeyType === 'rsa' && bitsOf(key) >= leastBits,
    // The key itself: Node takes some 15 µs longer over an object around it.
    input: (key) => key,
  })
}

function rsaPss(name: AlgName, hash: HashName): Algorithm {
  const saltLength = hashLength(hash)
  // emLen ≥ hLen + sLen + 2, in a modulus one bit longer (RFC 8017 §9.1.1), and the salt is as long as the hash.
  const leastBits = 8 * (2 * saltLength + 1) + 2
  return pooledSignature(name, hash, {
    needs: leastBits > 1024 ? `an RSA key of ${leastBits} bits or more` : 'an RSA key',
    fits: (key) => bitsOf(key) >= leastBits && (key.asymmetricKeyType === 'rsa' || allowsPss(key, hash)),
    input: (key) => ({ key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  })
}

/** Whether an RSA-PSS key's own parameters, where it has them, leave room for this hash (RFC 4055 §3.1). */
function allowsPss(key: KeyObject, hash: HashName): boolean {
  if (key.asymmetricKeyType !== 'rsa-pss') return false
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength } = key.asymmetricKeyDetails ?? {}
  // A key's salt length is the least that may be used.
  return (
    sameHash(hashAlgorithm, hash) &&
    sameHash(mgf1HashAlgorithm, hash) &&
    (saltLength ?? 0) <= hashLength(hash)
  )
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0
}

interface RsaScheme {
  readonly needs: string
  readonly fits: (key: KeyObject) => boolean
  readonly input: (key: KeyObject) => KeyObject | SignKeyObjectInput
}

function pooledSignature(name: AlgName, hash: HashName, scheme: RsaScheme): Algorithm {
  return {
    name,
    hash,
    keyType: 'RSA',
    needs: scheme.needs,
    fits: scheme.fits,
    sign: (data, key) => signInPool(hash, data, scheme.input(key)),
    signSync: (data, key) => crypto.sign(hash, data, scheme.input(key)),
    verify: (data, signature, key) => quietly(() => crypto.verify(hash, data, scheme.input(key), signature)),
    generate: () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    generateInPool: async () => (await generateKeyPair('rsa', { modulusLength: 2048 })).privateKey,
  }
}

interface Curve {
  /** OpenSSL's name. */
  readonly curve: string
  /** Bytes of one coordinate, and so of half a signature. */
  readonly width: number
  readonly keyType: KeyType
  /** Whether signing costs more than handing it to a thread (P-256 has a fast path in OpenSSL). */
  readonly pooled: boolean
}

function ecdsa(name: AlgName, hash: HashName, { curve, width, keyType, pooled }: Curve): Algorithm {
  const signSync = (data: Uint8Array, key: KeyObject): Uint8Array =>
    rawEcdsaSignature(crypto.sign(hash, data, key), width)
  return {
    name,
    hash,
    keyType,
    needs: `a ${keyType} key`,
    fits: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
    sign: async (data, key) =>
      pooled ? rawEcdsaSignature(await signInPool(hash, data, key), width) : signSync(data, key),
    signSync,
    verify: (data, signature, key) =>
      signature.length === 2 * width &&
      quietly(() => crypto.verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)),
    generate: () => crypto.generateKeyPairSync('ec', { namedCurve: curve }).privateKey,
    generateInPool: async () => (await generateKeyPair('ec', { namedCurve: curve })).privateKey,
  }
}

function edwards(name: AlgName, types: readonly ('ed25519' | 'ed448')[], needs: string): Algorithm {
  const signSync = (data: Uint8Array, key: KeyObject): Uint8Array => crypto.sign(null, data, key)
  return {
    name,
    hash: undefined,
    keyType: types[0] === 'ed448' ? 'Ed448' : 'Ed25519',
    needs,
    fits: (key) => types.some((type) => type === key.asymmetricKeyType),
    sign: async (data, key) => signSync(data, key),
    signSync,
    verify: (data, signature, key) => quietly(() => crypto.verify(null, data, key, signature)),
    generate: () =>
      types[0] === 'ed448'
        ? crypto.generateKeyPairSync('ed448').privateKey
        : crypto.generateKeyPairSync('ed25519').privateKey,
    generateInPool: async () =>
      types[0] === 'ed448'
        ? (await generateKeyPair('ed448')).privateKey
        : (await generateKeyPair('ed25519')).privateKey,
  }
}

function hmac(name: AlgName, hash: HashName): Algorithm {
  const signSync = (data: Uint8Array, key: KeyObject): Uint8Array =>
    crypto.createHmac(hash, key).update(data).digest()
  return {
    name,
    hash,
    keyType: 'oct',
    needs: 'an HMAC secret',
    fits: (key) => key.type === 'secret',
    sign: async (data, key) => signSync(data, key),
    signSync,
    verify: (data, signature, key) =>
      signature.length === hashLength(hash) &&
      quietly(() => crypto.timingSafeEqual(signSync(data, key), signature)),
    generate: () => crypto.createSecretKey(crypto.randomBytes(hashLength(hash))),
    generateInPool: async () => crypto.createSecretKey(crypto.randomBytes(hashLength(hash))),
  }
}

function signInPool(
  hash: HashName,
  data: Uint8Array,
  key: KeyObject | SignKeyObjectInput,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    crypto.sign(hash, data, key, (error, signature) => {
      if (error === null) resolve(signature)
      else reject(error)
    })
  })
}

/** A key of another kind or a malformed signature makes OpenSSL throw; to the caller it is a signature that is wrong. */
function quietly(verify: () => boolean): boolean {
  try {
    return verify()
  } catch {
    return false
  }
}

function fullHash(algorithm: Algorithm, curve: 'Ed25519' | 'Ed448'): crypto.Hash {
  if (algorithm.hash !== undefined) return crypto.createHash(algorithm.hash)
  const isEd448 = algorithm.name === 'Ed448' || (algorithm.name === 'EdDSA' && curve === 'Ed448')
  return isEd448 ? crypto.createHash('shake256', { outputLength: 114 }) : crypto.createHash('sha512')
}
