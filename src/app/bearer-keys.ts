import { bytesOfText } from '../core/binary-text.ts'
import type { Jwt } from '../core/jwt.ts'
import { epochSeconds, type Clock } from '../core/time.ts'
import type { BearerKeys } from '../respond/bearer-check.ts'
import type { CompiledTransforms } from '../transform/compile.ts'
import type { LiveRing } from './open-issuer.ts'

/** The keys of a replay: those that re-sign recorded tokens, those that did until lately, and those of its issuers that are not expired. */
export function bearerKeys(
  { keys, history }: CompiledTransforms,
  rings: readonly LiveRing[],
  clock: Clock,
): BearerKeys {
  const isBy = (jwt: Jwt, { key, kid }: CompiledTransforms['keys'][number]): boolean =>
    key.alg === jwt.alg &&
    (jwt.kid === undefined || jwt.kid === kid) &&
    key.verify(bytesOfText(jwt.signingInput), jwt.signature)
  const resigns = (jwt: Jwt): boolean =>
    keys.some((entry) => isBy(jwt, entry)) ||
    history.retiring.some(({ entry, untilMs }) => clock() < untilMs && isBy(jwt, entry))
  const issues = (jwt: Jwt): boolean =>
    rings.some(({ ring }) => {
      const key = ring.verify(jwt, epochSeconds(clock()))
      return key !== undefined && key.state !== 'expired'
    })
  return (jwt) => resigns(jwt) || issues(jwt)
}
