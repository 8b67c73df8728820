import { createPublicKey, createSecretKey } from 'node:crypto'
import type { BinaryText } from '../core/binary-text.ts'
import { ResealError } from '../core/errors.ts'
import { editMembers, jsonOf, scanJson, utf8Json } from '../core/json.ts'
import type { EpochSeconds } from '../core/time.ts'
import { signingKey } from '../keys/signing-key.ts'
import type { RingKey } from '../keys/ring/key-ring.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import { encodedText, mintJwt, type MintHeader } from '../keys/mint.ts'
import { parseClaims } from './json-body.ts'
import type { Claims } from './settings.ts'

/** A token as it would be, were it not to be wrong. */
export interface TokenDraft {
  readonly ringKey: RingKey
  /** Beside `alg` and `kid`. */
  readonly header: MintHeader
  /** The JSON text of its claims: what is not wrong on purpose stays byte for byte. */
  readonly payload: BinaryText
  readonly now: EpochSeconds
  /** A key of the same `alg` that the ring does not have, always the same one. */
  readonly strangerKey: () => Promise<SigningKey>
}

/** One way for a token to be wrong on purpose. */
export interface Tamper {
  /** What is wrong, in words that follow "a token that". */
  readonly does: string
  /** @throws ResealError KEY_UNFIT when the ring's key cannot be wrong in this way */
  readonly make: (draft: TokenDraft) => Promise<string>
}

export type TamperName =
  | 'expired'
  | 'notYetValid'
  | 'wrongAudience'
  | 'wrongIssuer'
  | 'wrongSignature'
  | 'unknownKey'
  | 'algNone'
  | 'hsWithPublicKey'
  | 'missingKid'
  | 'duplicateKid'
  | 'wrongTyp'
  | 'tamperedClaims'
  | 'unknownCrit'

/** Longer than any client's default leeway, which goes up to five minutes. */
const HOUR_SECONDS = 3600

/** Tokens that must be refused, one row each; all but the named thing is as it should be. */
export const TAMPERS: Readonly<Record<TamperName, Tamper>> = {
  expired: {
    does: 'expired an hour ago',
    make: (draft) => {
      const claims = claimsOf(draft)
      return signedWith(draft, { set: changedClaims(claims, longAgo(claims, draft.now)) })
    },
  },
  notYetValid: {
    does: 'is valid only in an hour (nbf)',
    make: (draft) =>
      signedWith(draft, {
        set: {
          nbf: draft.now + HOUR_SECONDS,
          exp: Math.max(numberOr(claimsOf(draft)['exp'], 0), draft.now + 2 * HOUR_SECONDS),
        },
      }),
  },
  wrongAudience: {
    does: 'is for somebody else (aud)',
    make: (draft) => signedWith(draft, { set: { aud: 'https://wrong-audience.invalid' } }),
  },
  wrongIssuer: {
    does: 'names another issuer (iss)',
    make: (draft) => signedWith(draft, { set: { iss: 'https://wrong-issuer.invalid' } }),
  },
  wrongSignature: {
    does: 'has a signature with one byte changed',
    make: async (draft) => withOtherSignature(await signedWith(draft, {})),
  },
  unknownKey: {
    does: 'is signed by a key that the JWKS does not have, under its own kid',
    make: async (draft) => {
      const key = await draft.strangerKey()
      return signedWith(draft, { key, header: { kid: key.thumbprint ?? 'unknown-key' } })
    },
  },
  algNone: {
    does: 'says alg none and has no signature',
    make: async ({ ringKey: { kid }, header, payload }) =>
      `${encodedText(jsonOf({ typ: 'JWT', kid, ...header, alg: 'none' }))}.${encodedText(payload)}.`,
  },
  hsWithPublicKey: {
    does: 'says alg HS256 and is signed with the public key as the secret (RFC 8725 §2.1)',
    make: (draft) => signedWith(draft, { key: publicKeyAsSecret(draft.ringKey) }),
  },
  missingKid: {
    does: 'has no kid',
    make: (draft) => signedWith(draft, { header: { kid: undefined } }),
  },
  duplicateKid: {
    does: 'is signed by another key that goes by a published kid',
    make: async (draft) => signedWith(draft, { key: await draft.strangerKey() }),
  },
  wrongTyp: {
    does: 'says that it is another kind of token (typ logout+jwt)',
    make: (draft) => signedWith(draft, { header: { typ: 'logout+jwt' } }),
  },
  tamperedClaims: {
    does: 'had its claims changed after it was signed',
    make: async (draft) => withOtherClaims(await signedWith(draft, {}), draft.payload),
  },
  unknownCrit: {
    does: 'demands an extension that nobody knows (crit, RFC 7515 §4.1.11)',
    make: (draft) =>
      signedWith(draft, {
        header: { crit: ['urn:reseal:unknown'], 'urn:reseal:unknown': true },
      }),
  },
}

/** Whether this names a row of {@link TAMPERS}. */
export function isTamperName(name: string): name is TamperName {
  return Object.hasOwn(TAMPERS, name)
}

/**
 * The row of this name.
 * @throws ResealError USAGE when there is none: scripts without types can ask for anything
 */
export function tamperNamed(name: string): Tamper {
  if (isTamperName(name)) return TAMPERS[name]
  throw new ResealError('USAGE', 'A token is to be tampered with in a way that does not exist.', {
    hint: `The ways are: ${Object.keys(TAMPERS).join(', ')}.`,
  })
}

interface Changes {
  readonly key?: SigningKey
  readonly header?: MintHeader
  /** Claims to add or to change. */
  readonly set?: Claims
}

function signedWith(draft: TokenDraft, { key, header, set = {} }: Changes): Promise<string> {
  const { ringKey } = draft
  return mintJwt(
    key ?? ringKey,
    { kid: ringKey.kid, ...draft.header, ...header },
    withClaims(draft.payload, set),
  )
}

/** Every moment the claims name lies as far before the end as it did, and the end is an hour ago. */
export function longAgo(claims: Claims, now: EpochSeconds): Claims {
  const exp = now - HOUR_SECONDS
  const back = numberOr(claims['exp'], now) - exp
  const moved = Object.entries(claims).map(([name, value]) => [
    name,
    MOMENTS.has(name) && typeof value === 'number' && back > 0 ? value - back : value,
  ])
  return { ...Object.fromEntries(moved), exp: Math.min(numberOr(claims['exp'], exp), exp) }
}

const MOMENTS: ReadonlySet<string> = new Set(['iat', 'nbf', 'auth_time'])

function withOtherSignature(token: string): string {
  const start = token.lastIndexOf('.') + 1
  const signature = Buffer.from(token.slice(start), 'base64url')
  // Not the first byte: an RSA signature must stay below its modulus to be refused for the right reason.
  const at = signature.length - 1
  signature[at] = (signature[at] ?? 0) ^ 1
  return token.slice(0, start) + signature.toString('base64url')
}

function withOtherClaims(token: string, payload: BinaryText): string {
  const [header = '', , signature = ''] = token.split('.')
  return `${header}.${encodedText(withClaims(payload, { sub: 'somebody-else' }))}.${signature}`
}

function claimsOf({ payload }: TokenDraft): Claims {
  return parseClaims(utf8Json(payload))
}

/** The claims of `after` that `before` lacks or has otherwise. */
export function changedClaims(before: Claims, after: Claims): Claims {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value))
}

/** The payload's text with claims set, and nothing else touched. */
export function withClaims(payload: BinaryText, claims: Claims): BinaryText {
  const object = scanJson(payload)
  const set = new Map(Object.entries(claims).map(([name, value]) => [name, jsonOf(value)]))
  if (object?.kind !== 'object' || set.size === 0) return payload
  return editMembers(payload, object, { set, remove: new Set() })
}

function publicKeyAsSecret({ key }: RingKey): SigningKey {
  if (key.publicJwk === undefined) {
    throw new ResealError('KEY_UNFIT', `The key ${key.source} has no public half to be taken for a secret.`)
  }
  const pem = createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  return signingKey({ alg: 'HS256', key: createSecretKey(Buffer.from(pem)), from: 'a public key' })
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
