import { numberValue } from '../../core/json.ts'
import { claimsOf, parseJwt, type Jwt } from '../../core/jwt.ts'
import { planResign, resignObstacle, type Resigner } from '../../keys/resign.ts'
import type { KeySource } from '../../keys/key-source.ts'
import type { JwtResignDefinition } from '../document/definition.ts'
import type { Focus } from '../message/focus.ts'
import { renderLive, type Live, type Moment } from '../message/live.ts'
import type { Mutator, PairWork } from './step.ts'
import type { FamilyToken } from '../tokens/token-family.ts'

/**
 * Re-signs the JWT that a place holds, alone or behind one of the prefixes. What is no JWT, or a JWT that cannot be
 * re-signed, stays as recorded.
 * @throws ResealError KEY_UNFIT, when applied, if the key cannot sign the token's alg
 */
export function jwtResignMutator(definition: JwtResignDefinition, keys: KeySource): Mutator {
  const resignerOf = rememberResigners(definition, keys)

  return (focus, work) => {
    const carried = carriedToken(focus.recorded, definition.prefixes)
    if (carried === undefined) return { notFound: 'not a JWT' }
    const resigner = resignerOf(carried.jwt)
    if ('notFound' in resigner) return resigner

    const token = work.tokens.add(carried.jwt, resigner)
    work.ledger.enter({
      key: resigner.key,
      kid: resigner.kid,
      recorded: carried.jwt,
      matchesRecording: resigner.keyMatchesRecording,
      place: definition.place,
    })
    focus.put((value) => ({
      changes: resigner.timeBound ? 'second' : 'once',
      render: (moment) =>
        value === focus.recorded
          ? token.render(moment).then((signed) => carried.before + signed + carried.after)
          : resignEdited(value, { definition, keys, work, moment }),
    }))
    keepSiblingsTrue(focus, token, carried.jwt)
    return undefined
  }
}

interface CarriedToken {
  readonly before: string
  readonly jwt: Jwt
  readonly after: string
}

function carriedToken(text: string, prefixes: readonly string[]): CarriedToken | undefined {
  const before =
    prefixes.find((prefix) => text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase()) ?? ''
  const token = text.slice(before.length).trimEnd()
  const jwt = parseJwt(token)
  return jwt && { before: text.slice(0, before.length), jwt, after: text.slice(before.length + token.length) }
}

/** The same recorded token re-signs the same way wherever it stands. */
function rememberResigners(
  definition: JwtResignDefinition,
  keys: KeySource,
): (jwt: Jwt) => Resigner | { readonly notFound: string } {
  const known = new Map<string, Resigner | { readonly notFound: string }>()
  return (jwt) => {
    const seen = known.get(jwt.token)
    if (seen !== undefined) return seen
    const resigner = planFor(jwt, keys, definition)
    known.set(jwt.token, resigner)
    return resigner
  }
}

/** A token with rules that reseal does not know is left as recorded; one its key cannot sign fails at load. */
function planFor(
  jwt: Jwt,
  keys: KeySource,
  { alg, kid, header, claims, time, timeClaims }: JwtResignDefinition,
): Resigner | { readonly notFound: string } {
  const obstacle = resignObstacle(jwt)
  if (obstacle !== undefined) return { notFound: obstacle }
  return planResign(jwt, keys.keyFor(jwt, alg), {
    kid,
    header: { set: header.set, remove: header.delete },
    claims: { set: claims.set, remove: claims.delete },
    time,
    timeClaims,
  })
}

/** A step inside the token (`jwt_claim`) changed it: what is re-signed is the changed one. */
async function resignEdited(
  value: Live,
  the: { definition: JwtResignDefinition; keys: KeySource; work: PairWork; moment: Moment },
): Promise<string> {
  const text = await renderLive(value, the.moment)
  const edited = carriedToken(text, the.definition.prefixes)
  if (edited === undefined) return text
  const resigner = planFor(edited.jwt, the.keys, the.definition)
  if ('notFound' in resigner) return text
  const signed = await resigner.resign({
    nowMs: the.moment.nowMs,
    recordedAtMs: the.work.pair.at,
    hashes: {},
  })
  return edited.before + signed + edited.after
}

/** Members beside a token that speak of its lifetime (RFC 6749 §5.1) follow it, if they were true of the recorded one. */
function keepSiblingsTrue(focus: Focus, token: FamilyToken, recorded: Jwt): void {
  const { iat, exp } = claimsOf(recorded)
  if (typeof exp !== 'number') return
  const lifetime = token.resigner.lifetimeSeconds
  const expiresIn = focus.sibling('expires_in')
  const told = expiresIn && numberOf(expiresIn)
  if (expiresIn && told !== undefined && typeof iat === 'number' && lifetime !== undefined) {
    const wasTrue = Math.abs(told - (exp - iat)) <= 1
    if (wasTrue && Math.abs(told - lifetime) > 1) expiresIn.put(() => String(lifetime))
  }
  const expiresAt = focus.sibling('expires_at')
  if (expiresAt && Math.abs((numberOf(expiresAt) ?? Number.NaN) - exp) <= 1) {
    expiresAt.put(() => ({
      changes: 'second',
      render: async (moment) => {
        const signed = parseJwt(await token.render(moment))
        const expires = signed && claimsOf(signed)['exp']
        return String(typeof expires === 'number' ? expires : exp)
      },
    }))
  }
}

function numberOf(focus: Focus): number | undefined {
  return numberValue(focus.recorded, focus.json())
}
