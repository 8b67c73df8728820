import type { BinaryText } from '../core/binary-text.ts'
import { jsonOf } from '../core/json.ts'
import { epochSeconds, type Clock } from '../core/time.ts'
import { ALGORITHMS, type AlgName } from '../keys/algorithms.ts'
import { signingKey } from '../keys/signing-key.ts'
import type { KeyRing, RingKey } from '../keys/ring/key-ring.ts'
import { mintJwt, type MintHeader } from '../keys/mint.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import type { Claims } from './settings.ts'
import { tamperNamed, type TamperName } from './tampers.ts'

export interface MintOptions {
  /** Header parameters beside `alg`; `typ` is `JWT` and `kid` the key's unless they are here. */
  readonly header?: MintHeader | undefined
  readonly alg?: AlgName | undefined
  /** Signs with the key of this kid, whatever its state. */
  readonly kid?: string | undefined
  /** Signs with a key that has left the JWKS; the claims stay as they are. */
  readonly expired?: boolean | undefined
  readonly tamper?: TamperName | undefined
}

/** Makes JWTs with the keys of a ring. */
export interface Minter {
  /**
   * Signs claims as they are, or a payload's text byte for byte.
   * @param payload an object of claims, or the JSON text of one
   * @throws ResealError KEY_MISSING when the ring has no such key, KEY_UNFIT for a tamper the key cannot have
   */
  sign(payload: Claims | BinaryText, options?: MintOptions): Promise<string>
  /** The key that would sign now. */
  signer(options?: MintOptions): RingKey
}

export function createMinter(ring: KeyRing, clock: Clock): Minter {
  const strangers = new Map<AlgName, Promise<SigningKey>>()

  const signer = ({ alg, kid, expired }: MintOptions = NO_OPTIONS): RingKey =>
    ring.signer(epochSeconds(clock()), {
      ...(alg !== undefined && { alg }),
      ...(kid !== undefined && { kid }),
      ...(expired !== undefined && { expired }),
    })
  const strangerKey = (alg: AlgName): Promise<SigningKey> => {
    const known = strangers.get(alg) ?? newStranger(alg)
    strangers.set(alg, known)
    return known
  }

  return {
    signer,
    sign: async (payload, options = NO_OPTIONS) => {
      const ringKey = signer(options)
      const { header = NO_PARAMETERS, tamper } = options
      if (tamper === undefined) return mintJwt(ringKey, header, payload)
      return tamperNamed(tamper).make({
        ringKey,
        header,
        payload: typeof payload === 'string' ? payload : jsonOf(payload),
        now: epochSeconds(clock()),
        strangerKey: () => strangerKey(ringKey.alg),
      })
    },
  }
}

const NO_OPTIONS: MintOptions = {}
const NO_PARAMETERS: MintHeader = {}

async function newStranger(alg: AlgName): Promise<SigningKey> {
  return signingKey({ alg, key: await ALGORITHMS[alg].generateInPool(), from: 'a key nobody knows' })
}
