import { claimsOf } from '../../core/jwt.ts'
import { isAnswered, type PairId, type PairSource, type PairTrait } from '../../core/pair.ts'
import type { Sliced } from '../../core/sliced.ts'
import type { Learner } from '../steps/step.ts'
import { requestMessage, type RequestMessage } from '../message/request-message.ts'
import { REQUEST_SOURCES, type RequestSource } from '../values/request-source.ts'
import type { FamilyToken } from './token-family.ts'

/** Where a login request has its nonce: in the query, in a form, in JSON. */
const PLACES: readonly RequestSource[] = [
  REQUEST_SOURCES.query('nonce'),
  REQUEST_SOURCES.form('nonce'),
  REQUEST_SOURCES.json('nonce'),
]

/** Requests that may ask for a token: the others are not read. */
const MAY_ASK: readonly PairTrait[] = [{ methods: ['POST'] }, { target: 'nonce=' }]

/**
 * An ID token has the nonce of the request that asked for it (OIDC Core §3.1.2.1), and a live client sends another one. So
 * each token whose nonce some recorded request has is bound to it.
 * @returns for each pair with such a request, what learns its live nonce
 */
export function* bindNonces(
  tokens: readonly FamilyToken[],
  pairs: PairSource,
): Sliced<ReadonlyMap<PairId, Learner>> {
  const byNonce = Map.groupBy(tokens, nonceOf)
  const learners = new Map<PairId, Learner>()
  if ([...byNonce.keys()].every((nonce) => nonce === undefined)) return learners
  for (const page of pairs.headPages(MAY_ASK)) {
    for (const { id } of page) {
      const pair = pairs.pair(id)
      if (pair === undefined || !isAnswered(pair)) continue
      const request = requestMessage(pair.request)
      for (const place of PLACES) {
        const nonce = place(request)
        const bound = nonce === undefined ? undefined : byNonce.get(nonce)
        if (nonce === undefined || bound === undefined) continue
        for (const token of bound) token.bindNonce(nonce)
        learners.set(id, learnerOf(place, nonce))
      }
      yield
    }
    yield
  }
  return learners
}

/** The nonce of a recorded token; undefined where it has none. */
export function nonceOf({ recorded }: FamilyToken): string | undefined {
  const { nonce } = claimsOf(recorded)
  return typeof nonce === 'string' ? nonce : undefined
}

/** The nonces with which a recorded request may have asked for a token. */
export function noncesAsked(request: RequestMessage): readonly string[] {
  return PLACES.flatMap((place) => place(request) ?? [])
}

function learnerOf(place: RequestSource, recorded: string): Learner {
  return ({ request, variables }) => {
    const live = place(request)
    if (live !== undefined) variables.learn(recorded, live)
  }
}
