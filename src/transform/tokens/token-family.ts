import { memberOf } from '../../core/json.ts'
import { claimsOf, type Jwt } from '../../core/jwt.ts'
import { isRedactedSignature, signaturePart } from '../../core/redacted-signature.ts'
import type { EpochMs } from '../../core/time.ts'
import { halfHash } from '../../keys/algorithms.ts'
import type { Resigner } from '../../keys/resign/resign.ts'
import type { Focus } from '../message/focus.ts'
import { changesOf, renderLive, type Changes, type Moment } from '../message/live.ts'
import { originOf } from '../message/request-message.ts'
import type { SharedToken, SharedTokens } from './shared-tokens.ts'

/** The tokens of one response that are re-signed, so that those which speak of each other stay true. */
export interface TokenFamily {
  /** Takes in the token of a place. The same token re-signed alike becomes the same new one in all its places. */
  add(recorded: Jwt, resigner: Resigner): FamilyToken
  /** Takes in the access token beside them that is no JWT, where a placeholder stands for it. */
  addOpaque(placeholder: string): void
  /** All that are in. */
  members(): readonly FamilyToken[]
  /** Ties `at_hash` and its like to the tokens they were made from; call it when every token is in. */
  tie(): void
}

/** A recorded token and what becomes of it. */
export interface FamilyToken {
  readonly recorded: Jwt
  readonly resigner: Resigner
  /** Another step changed the token itself: what is re-signed from now on is what this gives, so often anew. */
  follow(edited: (moment: Moment) => Promise<Resigner>, changes: Changes): void
  /** Texts that stand beside it under a name may be what its claims hash. */
  standsBeside(sibling: (name: string) => Focus | undefined): void
  /** Says the path at which the replay serves the key, for a token that names it. */
  publishedAt(path: () => string | undefined): void
  /** The recorded nonce is replaced by the one that a live request brings for it (OIDC Core §3.1.2.1). */
  bindNonce(nonce: string): void
  /** It may have been made for another response, some time ago. */
  readonly isReused: boolean
  /** How often the new token is another one. */
  changes(): Changes
  /** The new token; the same for one moment, and made once a second where the request does not matter. */
  render(moment: Moment): Promise<string>
}

/** ID token claims that hash what stands beside it (OIDC Core §3.1.3.6, §3.3.2.11; FAPI 1.0 §5.1), by their names. */
const HASHED = { at_hash: 'access_token', c_hash: 'code', s_hash: 'state' } as const

const HASH_CLAIMS = ['at_hash', 'c_hash', 's_hash'] as const

/** What a claim hashes, as it is served. */
type Hashed = Pick<FamilyToken, 'render' | 'changes'>

interface Member extends FamilyToken {
  readonly hashes: Map<string, Hashed>
  readonly beside: Map<string, Focus>
  readonly circle: SharedToken
  /** Another step changed the token in its place. */
  isEdited(): boolean
}

/**
 * @param recordedAtMs when the response was recorded: the moment its tokens' times count from
 * @param shared the tokens of all responses; ask for families in the order of the recording
 */
export function createTokenFamily(recordedAtMs: EpochMs, shared: SharedTokens): TokenFamily {
  const members: Member[] = []
  let opaque: Hashed | undefined

  return {
    add: (recorded, resigner) => {
      const isAlike = (other: Member): boolean =>
        other.recorded.token === recorded.token && other.resigner === resigner
      const circle = members.find(isAlike)?.circle ?? shared.join(recorded.token, resigner)
      const own = createMember(recorded, resigner, recordedAtMs, circle)
      const member: Member = {
        ...own,
        render: (moment) => {
          // Which places are edited is known only when all chains have run.
          const first = members.find((other) => isAlike(other) && !other.isEdited())
          const maker = own.isEdited() || first === undefined || first === member ? own : first
          return maker.render(moment)
        },
      }
      members.push(member)
      return member
    },
    members: () => members,
    addOpaque: (placeholder) => {
      opaque = { changes: () => 'once', render: () => Promise.resolve(placeholder) }
    },
    tie: () => {
      for (const member of members) {
        const claims = claimsOf(member.recorded)
        for (const claim of HASH_CLAIMS) {
          const hash = claims[claim]
          if (typeof hash !== 'string') continue
          const source =
            members.find(
              (other) =>
                other !== member && hashBy(member, member.recorded.alg, other.recorded.token) === hash,
            ) ??
            besideSource(member, claim, hash) ??
            (claim === 'at_hash' ? redactedSource(member, members, opaque) : undefined)
          if (source !== undefined) member.hashes.set(claim, source)
        }
      }
    },
  }
}

/** A text that is no token: it matters where another step changes it, or the token gets another `alg`. */
function besideSource(member: Member, claim: string, hash: string): Hashed | undefined {
  const text = member.beside.get(claim)
  const { alg } = member.recorded
  if (text === undefined || hashBy(member, alg, text.recorded) !== hash) return undefined
  if (!text.touched && member.resigner.alg === alg) return undefined
  return {
    changes: () => changesOf([text.live()]),
    render: async (moment) => renderLive(text.live(), moment),
  }
}

/**
 * What `at_hash` was made from where the recording is redacted, and the hash fits nothing any more: the one redacted
 * token beside it that is no ID token itself, else the placeholder of an opaque one. Of several none is taken.
 */
function redactedSource(
  member: Member,
  members: readonly Member[],
  opaque: Hashed | undefined,
): Hashed | undefined {
  const candidates = members.filter(
    (other) =>
      other !== member &&
      isRedactedSignature(signaturePart(other.recorded.token)) &&
      HASH_CLAIMS.every((claim) => memberOf(other.recorded.payload.object, claim) === undefined),
  )
  return new Set(candidates.map(({ recorded }) => recorded.token)).size === 1 ? candidates[0] : opaque
}

function hashBy({ resigner }: Member, alg: string, token: string): string | undefined {
  return halfHash(alg, token, curveOf(resigner))
}

/** The name `EdDSA` leaves the curve open, and with it the hash. */
function curveOf({ key }: Resigner): 'Ed448' | undefined {
  return key.publicJwk?.kty === 'OKP' && key.publicJwk.crv === 'Ed448' ? 'Ed448' : undefined
}

function createMember(recorded: Jwt, resigner: Resigner, recordedAtMs: EpochMs, shared: SharedToken): Member {
  const hashes = new Map<string, Hashed>()
  const beside = new Map<string, Focus>()
  let edit:
    | { readonly resigner: (moment: Moment) => Promise<Resigner>; readonly changes: Changes }
    | undefined
  let recordedNonce: string | undefined
  let jwksPath: () => string | undefined = () => undefined
  let last: { readonly second: number; readonly asked: string; readonly token: Promise<string> } | undefined
  const byMoment = new WeakMap<Moment, Promise<string>>()

  const sign = async (moment: Moment, nonce: string | undefined): Promise<string> => {
    const renewed = await Promise.all(
      [...hashes].map(async ([claim, source]) => {
        const hash = halfHash(resigner.alg, await source.render(moment), curveOf(resigner))
        return hash === undefined ? [] : [[claim, hash] as const]
      }),
    )
    const signer = edit === undefined ? resigner : await edit.resigner(moment)
    const claims = { ...Object.fromEntries(renewed.flat()), ...(nonce === undefined ? {} : { nonce }) }
    return signer.resign({ nowMs: moment.nowMs, recordedAtMs, hashes: claims, jwksUrl: jwksUrlFor(moment) })
  }
  const jwksUrlFor = ({ request }: Moment): string | undefined => {
    const path = resigner.namesJwks ? jwksPath() : undefined
    return path === undefined ? undefined : originOf(request) + path
  }
  const isOwn = (): boolean =>
    edit !== undefined || recordedNonce !== undefined || hashes.size > 0 || resigner.namesJwks
  const signShared = async (moment: Moment, nonce: string | undefined): Promise<string> => {
    const token = await sign(moment, nonce)
    if (!isOwn()) shared.made(token)
    return token
  }
  const nonceFor = ({ variables }: Moment): string | undefined =>
    recordedNonce === undefined ? undefined : variables.liveFor(recordedNonce)
  const onceAMoment = (moment: Moment): Promise<string> => {
    const token = byMoment.get(moment) ?? sign(moment, nonceFor(moment))
    byMoment.set(moment, token)
    return token
  }
  /** It, or a token it hashes, is made of the request. */
  const isOfRequest = (): boolean =>
    edit?.changes === 'request' || [...hashes.values()].some((source) => source.changes() === 'request')

  return {
    recorded,
    resigner,
    hashes,
    circle: shared,
    beside,
    standsBeside: (sibling) => {
      for (const claim of HASH_CLAIMS) {
        // Few tokens hash anything, and a place that is opened costs.
        if (memberOf(recorded.payload.object, claim) === undefined) continue
        const text = sibling(HASHED[claim])
        if (text !== undefined) beside.set(claim, text)
      }
    },
    isReused: shared.isReused,
    isEdited: () => edit !== undefined,
    follow: (edited, changes) => {
      edit = { resigner: edited, changes }
    },
    publishedAt: (path) => {
      jwksPath = path
    },
    bindNonce: (nonce) => {
      recordedNonce = nonce
    },
    changes: () => {
      if (isOfRequest() || recordedNonce !== undefined || resigner.namesJwks) return 'request'
      return resigner.timeBound || edit !== undefined ? 'second' : 'once'
    },
    render: (moment) => {
      if (isOfRequest()) return onceAMoment(moment)
      const living = isOwn() ? undefined : shared.living(moment.nowMs)
      if (living !== undefined) return Promise.resolve(living)
      const second = Math.floor(moment.nowMs / 1000)
      const nonce = nonceFor(moment)
      // What it says of the request: the same is signed once a second.
      const asked = JSON.stringify([nonce, jwksUrlFor(moment)])
      if (last?.second !== second || last.asked !== asked) {
        last = { second, asked, token: signShared(moment, nonce) }
      }
      return last.token
    },
  }
}
