import { numberValue } from '../../core/json.ts'
import { claimsOf, parseJwt, type Jwt } from '../../core/jwt.ts'
import { isPlaceholder } from '../../core/placeholder.ts'
import type { Resigner } from '../../keys/resign/resign.ts'
import type { Focus } from '../message/focus.ts'
import { renderLive, type Live, type Moment } from '../message/live.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { resignPlanner, type ResignPlanner } from '../tokens/resign-planner.ts'
import type { FamilyToken } from '../tokens/token-family.ts'
import type { Mutate } from '../steps/step.ts'
import { JWT_RESIGN_OPTIONS, SPEEDSCALE_JWT_RESIGN_CONFIG } from './jwt-resign-options.ts'

/**
 * `jwt_resign`: re-signs the JWT that a place holds, alone or behind one of the prefixes. What is no JWT, or a JWT that cannot be
 * re-signed, stays as recorded.
 * @throws ResealError KEY_UNFIT, when applied, if the key cannot sign the token's alg
 */
export const JWT_RESIGN = mutatorRow(
  'jwt_resign',
  JWT_RESIGN_OPTIONS,
  { config: SPEEDSCALE_JWT_RESIGN_CONFIG },
  (definition, environment) => {
    const { prefixes } = definition
    const planFor = resignPlanner(definition, environment)
    const plannedRecorded = rememberPlans(planFor)

    const mutate: Mutate = (focus, work) => {
      const carried = carriedToken(focus.recorded, prefixes)
      if (carried === undefined) return { notFound: 'not a JWT' }
      const planned = plannedRecorded(carried.jwt)
      if ('notFound' in planned) return planned

      const { resigner, ring } = planned
      const token = work.tokens.add(carried.jwt, resigner)
      work.ledger.enter({
        key: resigner.key,
        ring,
        kid: resigner.kid,
        recorded: carried.jwt,
        matchesRecording: resigner.keyMatchesRecording,
        place: definition.place,
      })
      focus.put((value) => {
        if (value !== focus.recorded) token.follow(editedResigner(value, resigner, prefixes, planFor))
        return {
          changes: resigner.timeBound || value !== focus.recorded ? 'second' : 'once',
          render: (moment) => token.render(moment).then((signed) => carried.before + signed + carried.after),
        }
      })
      keepSiblingsTrue(focus, token, carried.jwt)
      const accessToken = focus.sibling('access_token')?.recorded ?? ''
      if (isPlaceholder(accessToken)) work.tokens.addOpaque(accessToken)
      return undefined
    }
    return { mutate }
  },
)

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

/** The same recorded token is planned once, wherever it stands. */
function rememberPlans(planFor: ResignPlanner): ResignPlanner {
  const known = new Map<string, ReturnType<ResignPlanner>>()
  return (jwt) => {
    const planned = known.get(jwt.token) ?? planFor(jwt)
    known.set(jwt.token, planned)
    return planned
  }
}

/** A step inside the token (`jwt_claim`) changed it: what is re-signed is the changed one. */
function editedResigner(
  value: Live,
  recorded: Resigner,
  prefixes: readonly string[],
  planFor: ResignPlanner,
): (moment: Moment) => Promise<Resigner> {
  return async (moment) => {
    const edited = carriedToken(await renderLive(value, moment), prefixes)
    const planned = edited && planFor(edited.jwt)
    return planned === undefined || 'notFound' in planned ? recorded : planned.resigner
  }
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
