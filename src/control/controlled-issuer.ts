import type { Issuer } from '../issuer/issuer.ts'
import type { Faults } from '../issuer/faults.ts'
import { notFound, type Answered, type RouteIds } from './control-route.ts'

/** An issuer and the faults that its hook applies. */
export interface ControlledIssuer {
  readonly issuer: Issuer
  readonly faults: Faults
}

export type ControlledIssuers = ReadonlyMap<string, ControlledIssuer>

/** Runs what a path means with the issuer that it names by `{issuer}`. */
export function withIssuer(
  issuers: ControlledIssuers,
  ids: RouteIds,
  run: (controlled: ControlledIssuer) => Answered | Promise<Answered>,
): Answered | Promise<Answered> {
  const controlled = issuers.get(ids('issuer'))
  if (controlled !== undefined) return run(controlled)
  return notFound('issuer of this name', 'See GET /v1/issuers.')
}
