import { ResealError } from '../../core/errors.ts'
import { parseJwt, type Jwt } from '../../core/jwt.ts'
import { isPlaceholder } from '../../core/placeholder.ts'
import type { Resigner } from '../../keys/resign/resign.ts'
import type { Focus } from '../message/focus.ts'
import { nestedJwts } from '../locators/jwt-claim.ts'
import { changesOf, renderLive, type Live, type Moment } from '../message/live.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { resignPlanner, type ResignPlanner } from '../tokens/resign-planner.ts'
import { boundToken, otherToken } from '../tokens/other-token.ts'
import { keepSiblingsTrue } from '../tokens/token-siblings.ts'
import type { NotFound, PairWork } from '../steps/step.ts'
import { JWT_RESIGN_OPTIONS, SPEEDSCALE_JWT_RESIGN_CONFIG } from './jwt-resign-options.ts'

/**
 * `jwt_resign`: re-signs the JWT that a place holds, alone or behind one of the prefixes, and before it those in its
 * claims. What is no JWT, or a JWT that cannot be re-signed, stays as recorded.
 * @throws ResealError KEY_UNFIT, when applied, if the key cannot sign the token's alg
 */
export const JWT_RESIGN = mutatorRow(
  'jwt_resign',
  JWT_RESIGN_OPTIONS,
  { config: SPEEDSCALE_JWT_RESIGN_CONFIG },
  (definition, environment) => {
    const { prefixes } = definition
    const planFor = resignPlanner(definition, environment)

    const mutateAt = (focus: Focus, work: PairWork, depth: number): NotFound | undefined => {
      const carried = carriedToken(focus.recorded, prefixes)
      if (carried === undefined) return { notFound: otherToken(focus.recorded) ?? 'not a JWT' }
      if (depth < MAX_NESTING) resignNested(focus, (inner) => mutateAt(inner, work, depth + 1))
      const planned = planFor(carried.jwt)
      if ('notFound' in planned) return planned

      const { resigner, ring } = planned
      const token = work.tokens.add(carried.jwt, resigner)
      const bound = boundToken(carried.jwt)
      if (bound !== undefined) work.note(`${focus.path} of pair ${work.pair.id} is ${bound}`)
      const entry = work.ledger.enter({
        key: resigner.key,
        ring,
        kid: resigner.kid,
        recorded: carried.jwt,
        matchesRecording: resigner.keyMatchesRecording,
        place: definition.place,
        transitionMs: definition.transition,
      })
      token.standsBeside(focus.sibling)
      token.publishedAt(() => work.ledger.pathFor(entry))
      focus.put((value) => {
        if (value !== focus.recorded) {
          token.follow(editedResigner(value, resigner, prefixes, planFor), changesOf([value]))
        }
        return {
          changes: token.changes(),
          render: (moment) => token.render(moment).then((signed) => carried.before + signed + carried.after),
        }
      })
      keepSiblingsTrue(focus, token, carried.jwt, work.pair.at)
      const accessToken = focus.sibling('access_token')?.recorded ?? ''
      if (isPlaceholder(accessToken)) work.tokens.addOpaque(accessToken)
      return undefined
    }
    return { mutate: (focus, work) => mutateAt(focus, work, 0) }
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

/** A JWT in a JWT in a JWT is what has been seen. */
const MAX_NESTING = 3

/** Tokens in the claims are re-signed first; one that the key cannot sign stays, and with it what it proves. */
function resignNested(focus: Focus, resign: (inner: Focus) => unknown): void {
  for (const place of nestedJwts(focus)) {
    try {
      resign(place)
    } catch (error) {
      // A mounted key is for the token that was named; one of another type inside it has another issuer.
      if (!(error instanceof ResealError) || error.code !== 'KEY_UNFIT') throw error
    }
  }
}
