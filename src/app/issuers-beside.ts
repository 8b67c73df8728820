import { ResealError } from '../core/errors.ts'
import type { Answerer, OtherAnswerer } from '../respond/replay-answer.ts'
import { asksForMetadata } from './issuer-metadata-paths.ts'
import { answerOf, type LiveRing, type OpenIssuer } from './open-issuer.ts'

/**
 * Whether an issuer answers at a listener: at its own; without one, where its backend is replayed, or everywhere if the
 * listener stands for all backends or the issuer has no URL to tell by.
 * @param origin the backend the listener stands for; undefined for all of the snapshot
 */
export function answersAt({ definition }: LiveRing, listen: string, origin: string | undefined): boolean {
  if (definition.listen !== undefined) return definition.listen === listen
  return (
    origin === undefined || definition.issuer === undefined || new URL(definition.issuer).origin === origin
  )
}

/**
 * Metadata and keys are the issuers' own; else the recording answers first, and an issuer what was not recorded.
 * @param issuers those of one listener; they may come later than the answerer
 * @param responder makes the answerer of the recording, which asks the function it is given before it misses
 */
export function withIssuers(
  issuers: readonly OpenIssuer[],
  responder: (otherwise: OtherAnswerer) => Answerer,
): Answerer {
  const byIssuers: OtherAnswerer = (request) => {
    const response = answerOf(issuers, request)
    return response && { kind: 'issuer', response }
  }
  const recorded = responder(byIssuers)
  return (request) => {
    const live = issuers.length > 0 && asksForMetadata(request)
    return (live ? byIssuers(request) : undefined) ?? recorded(request)
  }
}

/** @throws ResealError CONFIG_INVALID for an issuer whose backend has no listener */
export function refuseUnserved(rings: readonly LiveRing[], issuers: ReadonlyMap<LiveRing, OpenIssuer>): void {
  const unserved = rings.find((ring) => !issuers.has(ring))
  if (unserved === undefined) return
  throw new ResealError(
    'CONFIG_INVALID',
    `No listener of the replay stands for the backend of issuer ${unserved.name}`,
    {
      hint: 'Map one to it with --map LISTEN=URL, or give the issuer a listen: of its own.',
    },
  )
}
