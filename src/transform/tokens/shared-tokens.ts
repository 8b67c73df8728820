import { hash } from 'node:crypto'
import { claimsOf, parseJwt } from '../../core/jwt.ts'
import type { EpochMs, EpochSeconds } from '../../core/time.ts'
import type { Resigner } from '../../keys/resign/resign.ts'

/**
 * The new tokens that stand for recorded ones across responses. The first response of the recording that has a token makes
 * the new one; those after it that have the same give that one again while it lives, as the recorded server did.
 */
export interface SharedTokens {
  /** A place among those that carry this token and re-sign it alike. */
  join(recorded: string, resigner: Resigner): SharedToken
}

export interface SharedToken {
  /** An earlier response of the recording has it too, and may have made it some time ago. */
  readonly isReused: boolean
  /** The one that was made elsewhere and still lives; undefined where this place makes its own. */
  living(nowMs: EpochMs): string | undefined
  made(token: string): void
}

interface Circle {
  last: { readonly token: string; readonly expires: EpochSeconds } | undefined
}

export function createSharedTokens(): SharedTokens {
  const circles = new Map<string, Circle>()
  return {
    join: (recorded, { key, kid }) => {
      // Of many tokens, the tokens themselves are much memory.
      const digest = hash('sha256', recorded, 'base64')
      const id = JSON.stringify([digest, key.source, key.thumbprint, key.alg, kid])
      const known = circles.get(id)
      const circle: Circle = known ?? { last: undefined }
      circles.set(id, circle)
      return {
        isReused: known !== undefined,
        living: (nowMs) => {
          const { last } = circle
          return known === undefined || last === undefined || last.expires * 1000 <= nowMs
            ? undefined
            : last.token
        },
        made: (token) => {
          const expires = expiryOf(token)
          if (expires !== undefined) circle.last = { token, expires }
        },
      }
    },
  }
}

/** A token that says nothing of its end is not kept: it might be given for ever. */
function expiryOf(token: string): EpochSeconds | undefined {
  const jwt = parseJwt(token)
  const exp = jwt && claimsOf(jwt)['exp']
  return typeof exp === 'number' ? exp : undefined
}
