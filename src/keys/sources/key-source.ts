import type { Jwt } from '../../core/jwt.ts'
import type { AlgChoice } from './alg-choice.ts'
import type { SigningKey } from '../signing-key.ts'

/** Where the keys for recorded tokens come from: a mounted file, or keys reseal makes itself. */
export interface KeySource {
  /**
   * The key to sign this token with anew. The same inputs give the same object. A token recorded with `alg: none`
   * stays unsigned unless `choice` names an alg.
   * @param choice default `keep`, the token's own `alg`
   * @throws ResealError KEY_UNFIT when the key cannot sign that `alg`
   */
  keyFor(token: Jwt, choice?: AlgChoice): SigningKey
  /** What people should know of how the keys were read so far, as sentences without full stop. */
  readonly notes: readonly string[]
}
