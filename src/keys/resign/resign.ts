import { bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { ResealError } from '../../core/errors.ts'
import { memberOf, scanJson, stringValue } from '../../core/json.ts'
import type { Jwt } from '../../core/jwt.ts'
import { withLateProofs, type ProofRules } from './key-proofs.ts'
import { resignedHeader, type KidRule, type MemberChanges, type ResignedHeader } from './resign-header.ts'
import { resignedPayload, type ResignMoment, type TimeRule } from './resign-payload.ts'
import type { SigningKey } from '../signing-key.ts'

export interface ResignOptions {
  /** Whether the key signed the recorded token too, for whoever knows; by default the key is asked. */
  readonly keyMatches?: ((key: SigningKey, token: Jwt) => boolean | undefined) | undefined
  /** Default `auto`. */
  readonly kid?: KidRule | undefined
  /** What becomes of members that prove the recorded key; default `drop`. */
  readonly proofs?: ProofRules | undefined
  /** JOSE header parameters to set and remove; they have the last word, except over `alg`. */
  readonly header?: MemberChanges | undefined
  /** Claims to set and remove; times set here do not move. */
  readonly claims?: MemberChanges | undefined
  /** Default `shift`. */
  readonly time?: TimeRule | undefined
  /** Claims that move with the times, beside iat, nbf, exp and auth_time. */
  readonly timeClaims?: readonly string[] | undefined
}

/** A recorded token made ready to be signed anew for any moment. */
export interface Resigner {
  readonly key: SigningKey
  readonly alg: SigningKey['alg']
  /** `kid` in the new header; undefined when it has none, or one that is no string. */
  readonly kid: string | undefined
  /** Whether the key is the one that signed the recording; undefined where its signature is redacted and nothing tells. */
  readonly keyMatchesRecording: boolean | undefined
  /** Whether the new token depends on the moment; if not, it may be signed once. */
  readonly timeBound: boolean
  /** Whether the new token names where the replay serves its key, so that it depends on how a client reaches it. */
  readonly namesJwks: boolean
  /** `exp - iat` of the new token in seconds, or the ttl; undefined when the token does not say. */
  readonly lifetimeSeconds: number | undefined
  /**
   * The new token. Its signature has been verified once.
   * @throws ResealError UNEXPECTED when the key's own signature does not verify
   */
  resign(moment: ResignMoment): Promise<string>
}

/**
 * Why a token must be left as it was recorded, as words that follow "because"; undefined when it can be re-signed.
 * `crit` asks for rules that reseal does not know (RFC 7515 §4.1.11), and a JWT never has `b64: false` (RFC 7797 §7).
 */
export function resignObstacle(token: Jwt): string | undefined {
  const { text, object } = token.header
  if (memberOf(object, 'crit') !== undefined)
    return 'its header has "crit", whose extensions reseal does not know'
  const b64 = memberOf(object, 'b64')
  if (b64 !== undefined && text.slice(b64.start, b64.end) === 'false') return 'its header has "b64": false'
  return undefined
}

/**
 * Plans the re-signing of one token: header and claims are edited as text, so that order, white space, repeated names,
 * long integers and escapes stay as recorded, and a part without edits is not even encoded again.
 * @throws ResealError TRANSFORM_INVALID for a token with a {@link resignObstacle}, or changes that contradict the key
 * @throws ResealError KEY_UNFIT when `kid: thumbprint` meets an HMAC secret
 */
export function planResign(token: Jwt, key: SigningKey, options: ResignOptions = {}): Resigner {
  const obstacle = resignObstacle(token)
  if (obstacle !== undefined) {
    throw new ResealError('TRANSFORM_INVALID', `The token cannot be re-signed because ${obstacle}.`)
  }
  const { keyMatches: matches = (own, recorded) => own.verifies(recorded) } = options
  const keyMatches = matches(key, token)
  const header = resignedHeader({
    token,
    key,
    keyMatches: keyMatches === true,
    kid: options.kid ?? 'auto',
    proofs: options.proofs ?? {},
    changes: options.header ?? NO_CHANGES,
  })
  const payload = resignedPayload({
    payload: token.payload,
    claims: options.claims ?? NO_CHANGES,
    time: options.time ?? 'shift',
    timeClaims: options.timeClaims ?? [],
  })
  const [recordedHead = '', recordedBody = ''] = token.signingInput.split('.')
  const head = header.text === token.header.text ? recordedHead : encoded(header.text)
  const headFor = lateHeads(header, head, key)
  return {
    key,
    alg: key.alg,
    kid: stringValue(header.text, memberOf(scanJson(header.text), 'kid')),
    keyMatchesRecording: keyMatches,
    timeBound: payload.timeBound,
    namesJwks: header.late.includes('jku'),
    lifetimeSeconds: payload.lifetimeSeconds,
    resign: async (moment) => {
      const claims = payload.text(moment)
      const made = headFor === undefined ? head : await headFor(moment)
      return signed(`${made}.${claims === token.payload.text ? recordedBody : encoded(claims)}`, key)
    },
  }
}

const NO_CHANGES: MemberChanges = { set: {}, remove: [] }

/** Undefined where all of the header is known. */
function lateHeads(
  { text, late }: ResignedHeader,
  head: string,
  key: SigningKey,
): ((moment: ResignMoment) => Promise<string>) | undefined {
  const object = scanJson(text)
  if (late.length === 0 || object?.kind !== 'object') return undefined
  let last: { readonly jwksUrl: string | undefined; readonly head: Promise<string> } | undefined
  return ({ jwksUrl }) => {
    if (last === undefined || last.jwksUrl !== jwksUrl) {
      const made = withLateProofs({ text, object }, late, key, jwksUrl)
      last = { jwksUrl, head: made.then((edited) => (edited === text ? head : encoded(edited))) }
    }
    return last.head
  }
}

function encoded(text: BinaryText): string {
  return bytesOfText(text).toString('base64url')
}

async function signed(signingInput: string, key: SigningKey): Promise<string> {
  const data = bytesOfText(signingInput)
  const signature = await key.sign(data)
  if (!key.verify(data, signature)) {
    throw new ResealError(
      'UNEXPECTED',
      `A signature just made by ${key.source} with ${key.alg} does not verify.`,
      {
        hint: 'The key file may hold a private key that does not belong to its own public half.',
      },
    )
  }
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`
}
