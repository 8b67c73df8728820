import { claimsOf, type Jwt } from '../../core/jwt.ts'
import type { SigningKey } from '../../keys/signing-key.ts'

/** Says whether a key signed a recorded token too; undefined where nothing tells. */
export type RecordedSigner = (key: SigningKey, jwt: Jwt) => boolean | undefined

const NOT_ASKED = { answer: undefined, times: 0 } as const

/** So many tokens of one kid have to be of another key for the rest to be taken for its. */
const ENOUGH = 3

/**
 * Asks the key itself, as long as it takes: the tokens of one issuer under one `kid` are of one key, and to verify each
 * of a hundred thousand takes longer than all the rest. Tokens without `kid` are all asked about.
 */
export function recordedSigners(): RecordedSigner {
  const known = new Map<string, { readonly answer: boolean | undefined; readonly times: number }>()
  return (key, jwt) => {
    if (jwt.kid === undefined) return key.verifies(jwt)
    const id = JSON.stringify([jwt.kid, claimsOf(jwt)['iss'], jwt.alg, key.thumbprint ?? key.source])
    const { answer: before, times } = known.get(id) ?? NOT_ASKED
    if (before === true || times >= ENOUGH) return before
    const answer = key.verifies(jwt)
    known.set(id, { answer, times: times + 1 })
    return answer
  }
}
