import type { Jwt } from '../../core/jwt.ts'
import { epochSeconds, type EpochMs } from '../../core/time.ts'
import { isAlgName, type AlgName } from '../../keys/algorithms.ts'
import type { KeyRing } from '../../keys/ring/key-ring.ts'
import { planResign, type ResignOptions, type Resigner } from '../../keys/resign/resign.ts'

/**
 * Re-signs a recorded token as an issuer of reseal's own would sign it: with the ring's key of the moment, under that
 * key's kid, so that rotations are followed. Where the ring does not sign the token's alg, the new token has the ring's.
 * @throws ResealError KEY_MISSING when the ring has no key to sign with
 */
export function ringResigner(jwt: Jwt, ring: KeyRing, options: ResignOptions, nowMs: EpochMs): Resigner {
  const plans = new Map<string, Resigner>()
  const alg = algOf(jwt, ring)
  const planAt = (moment: EpochMs): Resigner => {
    const { kid, key } = ring.signer(epochSeconds(moment), alg === undefined ? {} : { alg })
    const known = plans.get(kid)
    if (known !== undefined) return known
    const plan = planResign(jwt, key, { ...options, kid: { value: kid } })
    plans.set(kid, plan)
    return plan
  }
  const now = planAt(nowMs)
  return { ...now, timeBound: true, resign: (moment) => planAt(moment.nowMs).resign(moment) }
}

function algOf(jwt: Jwt, ring: KeyRing): AlgName | undefined {
  return isAlgName(jwt.alg) && ring.algs.includes(jwt.alg) ? jwt.alg : ring.algs[0]
}
