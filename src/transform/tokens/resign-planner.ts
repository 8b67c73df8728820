import { ResealError } from '../../core/errors.ts'
import { claimsOf, type Jwt } from '../../core/jwt.ts'
import type { Clock } from '../../core/time.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import { planResign, resignObstacle, type Resigner, type ResignOptions } from '../../keys/resign/resign.ts'
import type { JwtResignDefinition } from '../mutators/jwt-resign-options.ts'
import type { NotFound } from '../steps/step.ts'
import { isKidTaken, type KeyHistory } from './key-history.ts'
import type { KeySources } from './key-sources.ts'
import { recordedSigners } from './recorded-signers.ts'
import { ringResigner } from './ring-resigner.ts'

/** Says how a recorded token is re-signed; a token with rules that reseal does not know is left as recorded. */
export type ResignPlanner = (jwt: Jwt) => PlannedToken | NotFound

export interface PlannedToken {
  readonly resigner: Resigner
  /** The ring it is signed with, if it is an issuer's. */
  readonly ring: KeyRing | undefined
}

/** What a document's steps sign with. */
export interface SigningEnvironment {
  readonly sources: KeySources
  /** Issuers of reseal's own, by name. */
  readonly rings: ReadonlyMap<string, KeyRing>
  readonly clock: Clock
  /** What the plans before have signed with. */
  readonly history: KeyHistory
  /** The planners there are, by their options. */
  readonly planners: Map<string, ResignPlanner>
}

/**
 * The planner of one step; steps with the same options have the same one, and plan a token once, wherever it stands.
 * @throws ResealError SECRET_*, KEY_* for a mounted key that cannot serve, TRANSFORM_INVALID for an unknown issuer
 */
export function resignPlanner(
  definition: JwtResignDefinition,
  environment: SigningEnvironment,
): ResignPlanner {
  const id = JSON.stringify({ ...definition, place: undefined, prefixes: undefined, transition: undefined })
  const known = environment.planners.get(id) ?? rememberPlans(newPlanner(definition, environment))
  environment.planners.set(id, known)
  return known
}

/** Tokens whose plans are remembered at least: more than one response has. */
const MIN_PLANS = 1000

/** The same recorded token is planned once, wherever it stands; of many, if it is met again soon. */
function rememberPlans(planFor: ResignPlanner): ResignPlanner {
  let recent = new Map<string, ReturnType<ResignPlanner>>()
  let older = recent
  return (jwt) => {
    const planned = recent.get(jwt.token) ?? older.get(jwt.token) ?? planFor(jwt)
    if (recent.size >= MIN_PLANS) [older, recent] = [recent, new Map()]
    recent.set(jwt.token, planned)
    return planned
  }
}

function newPlanner(definition: JwtResignDefinition, environment: SigningEnvironment): ResignPlanner {
  const plan = planWith(definition, environment)
  const special = definition.keys.map((key) => ({
    key,
    plan: planWith(withKey(definition, key), environment),
  }))
  return (jwt) => {
    const obstacle = resignObstacle(jwt)
    if (obstacle !== undefined) return { notFound: obstacle }
    return (special.find(({ key }) => isFor(key, jwt))?.plan ?? plan)(jwt)
  }
}

type KeyFor = JwtResignDefinition['keys'][number]

/** The options with another key; what they say of their own secret file is not about that one. */
function withKey(definition: JwtResignDefinition, { secretPath, issuer }: KeyFor): JwtResignDefinition {
  const { type, place, keys, alg, kid, proofs, header, claims, time } = definition
  const { timeClaims, prefixes, transition } = definition
  const key = {
    ...(secretPath === undefined ? {} : { secretPath }),
    ...(issuer === undefined ? {} : { issuer }),
  }
  return {
    type,
    place,
    keys,
    alg,
    kid,
    proofs,
    header,
    claims,
    time,
    timeClaims,
    prefixes,
    transition,
    ...key,
  }
}

function isFor({ kid, iss }: KeyFor, jwt: Jwt): boolean {
  return (kid === undefined || kid === jwt.kid) && (iss === undefined || iss === claimsOf(jwt)['iss'])
}

function planWith(
  definition: JwtResignDefinition,
  { sources, rings, clock, history }: SigningEnvironment,
): (jwt: Jwt) => PlannedToken {
  const { issuer, alg, kid, proofs, header, claims, time, timeClaims } = definition
  const options: ResignOptions = {
    keyMatches: recordedSigners(),
    kid,
    proofs,
    header: { set: header.set, remove: header.delete },
    claims: { set: claims.set, remove: claims.delete },
    time,
    timeClaims,
  }
  if (issuer === undefined) {
    const keys = sources.for(definition)
    return (jwt) => {
      const key = keys.keyFor(jwt, alg)
      const isRotated = (kid ?? 'auto') === 'auto' && isKidTaken(history, jwt, key)
      const how: ResignOptions = isRotated ? { ...options, kid: 'thumbprint' } : options
      return { resigner: planResign(jwt, key, how), ring: undefined }
    }
  }
  const ring = rings.get(issuer)
  if (ring !== undefined) return (jwt) => ({ resigner: ringResigner(jwt, ring, options, clock()), ring })
  throw new ResealError('TRANSFORM_INVALID', `There is no issuer "${issuer}"`, {
    hint:
      rings.size === 0
        ? 'Add it under issuers:, in this document or in config/reseal.yaml.'
        : `The issuers are ${[...rings.keys()].join(', ')}.`,
  })
}
