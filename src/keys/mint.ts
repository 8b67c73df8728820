import { bytesOfText, type BinaryText } from '../core/binary-text.ts'
import { jsonOf } from '../core/json.ts'
import type { RingKey } from './ring/ring-key.ts'
import type { SigningKey } from './signing-key.ts'

/** JOSE header parameters beside `alg`, which is the key's; one that is undefined is left out. */
export interface MintHeader {
  /** Default `JWT`. */
  readonly typ?: string | undefined
  /** Default: the ring key's; of a bare key the name in its file, else its thumbprint. */
  readonly kid?: string | undefined
  readonly alg?: never
  readonly [parameter: string]: unknown
}

/**
 * A JWT in compact serialisation (RFC 7515 §7.1): header `alg`, `typ`, `kid` and whatever else is given.
 * @param payload claims, signed as JSON.stringify writes them, or a text, signed byte for byte: integers past 2^53 and
 * white space stay as they are
 */
export async function mintJwt(
  key: RingKey | SigningKey,
  header: MintHeader,
  payload: Readonly<Record<string, unknown>> | BinaryText,
): Promise<string> {
  const signer = 'key' in key ? key.key : key
  const kid = 'key' in key ? key.kid : (key.kid ?? key.thumbprint)
  const head = encodedText(jsonOf({ alg: signer.alg, typ: 'JWT', kid, ...header }))
  const signingInput = `${head}.${encodedText(typeof payload === 'string' ? payload : jsonOf(payload))}`
  const signature = await signer.sign(Buffer.from(signingInput, 'latin1'))
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`
}

/** The bytes of a text in base64url. */
export function encodedText(text: BinaryText): string {
  return bytesOfText(text).toString('base64url')
}
