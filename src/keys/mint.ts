import type { RingKey } from './ring-key.ts'
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
 * A JWT in compact serialisation (RFC 7515 §7.1): header `alg`, `typ`, `kid` and whatever else is given, the claims as
 * JSON.stringify writes them, nothing added.
 */
export async function mintJwt(
  key: RingKey | SigningKey,
  header: MintHeader,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const signer = 'key' in key ? key.key : key
  const kid = 'key' in key ? key.kid : (key.kid ?? key.thumbprint)
  const head = encoded({ alg: signer.alg, typ: 'JWT', kid, ...header })
  const signingInput = `${head}.${encoded(claims)}`
  const signature = await signer.sign(Buffer.from(signingInput, 'latin1'))
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`
}

function encoded(value: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
