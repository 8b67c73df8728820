import type { KeyObject } from 'node:crypto'
import { ResealError } from '../../core/errors.ts'
import { ALGORITHMS, algorithmNamed, isAlgName, type AlgName } from '../algorithms.ts'
import { keyKind } from '../key-kind.ts'

/** Which `alg` a re-signed token gets: the recorded one, one that fits the key, or this one. */
export type AlgChoice = 'keep' | 'auto' | AlgName

/**
 * The `alg` a choice comes to for this key.
 * @param tokenAlg as recorded
 * @returns undefined when the choice and the key do not go together
 */
export function chosenAlg(choice: AlgChoice, key: KeyObject, tokenAlg: string): AlgName | undefined {
  if (choice === 'auto') return autoAlg(key, tokenAlg)
  const algorithm = algorithmNamed(choice === 'keep' ? tokenAlg : choice)
  return algorithm?.fits(key) === true ? algorithm.name : undefined
}

/**
 * The `alg` for a key when the token's own need not stay: the token's own if it fits; else for RSA the size the token
 * has, RS unless the key is for PSS alone; for EC and Edwards keys the curve's one name (`EdDSA`, which more clients
 * know than RFC 9864's); for a secret the longest hash that it is long enough for (RFC 7518 §3.2).
 * @returns undefined for a key no `alg` takes
 */
export function autoAlg(key: KeyObject, tokenAlg: string): AlgName | undefined {
  const own = algorithmNamed(tokenAlg)
  if (own?.fits(key) === true) return own.name
  const sizes = key.type === 'secret' ? sizesOfSecret(key) : [sizeOf(tokenAlg), 256, 384, 512]
  const names = [
    ...sizes.map((size) => `HS${size}`),
    ...sizes.map((size) => `RS${size}`),
    ...sizes.map((size) => `PS${size}`),
    'ES256',
    'ES384',
    'ES512',
    'ES256K',
    'EdDSA',
  ]
  return names.filter(isAlgName).find((name) => ALGORITHMS[name].fits(key))
}

export interface UnfitKey {
  readonly keys: readonly KeyObject[]
  /** Name of what they were read from. */
  readonly from: string
  readonly choice: AlgChoice
  readonly tokenAlg: string
}

/** The KEY_UNFIT error that names the key's kind, the `alg`, and the way out. */
export function unfitKey({ keys, from, choice, tokenAlg }: UnfitKey): ResealError {
  const kinds = [...new Set(keys.map(keyKind))].join(', ')
  const wanted = choice === 'keep' || choice === 'auto' ? tokenAlg : choice
  const algorithm = algorithmNamed(wanted)
  const [first] = keys
  const instead = first && autoAlg(first, wanted)
  if (choice === 'auto' || (algorithm === undefined && instead === undefined)) {
    return new ResealError('KEY_UNFIT', `The key ${from} (${kinds}) fits no JWT algorithm.`, {
      hint: 'Mount an RSA, P-256, P-384, P-521, secp256k1 or Ed25519 private key, or an HMAC secret.',
    })
  }
  const auto = instead === undefined ? '' : `, or write \`alg: auto\` to sign with ${instead} instead`
  return algorithm === undefined
    ? unknownAlg(wanted, `Leave the token alone${auto}.`)
    : new ResealError(
        'KEY_UNFIT',
        `The key ${from} (${kinds}) cannot sign ${wanted}, which takes ${algorithm.needs}.`,
        {
          hint: `Mount ${algorithm.needs}${auto}.`,
        },
      )
}

/** The KEY_UNFIT error for a token whose `alg` reseal does not know. */
export function unknownAlg(tokenAlg: string, hint: string): ResealError {
  const shown = JSON.stringify(tokenAlg.slice(0, 40))
  return new ResealError(
    'KEY_UNFIT',
    `The recorded token is signed with ${shown}, which reseal cannot sign.`,
    { hint },
  )
}

function sizesOfSecret(key: KeyObject): readonly number[] {
  const bytes = key.symmetricKeySize ?? 0
  return [512, 384, 256].filter((bits) => bits === 256 || bytes * 8 >= bits)
}

/** 256, 384 or 512, as the name ends; 256 for a name that ends otherwise. */
function sizeOf(alg: string): number {
  return Number(/(?:256|384|512)$/.exec(alg)?.[0] ?? 256)
}
