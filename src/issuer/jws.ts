import { bytesOfText, type BinaryText } from '../core/binary-text.ts'
import { jsonOf } from '../core/json.ts'
import type { RingKey } from '../keys/key-ring.ts'
import type { Claims } from './settings.ts'

/** A JWS whose payload is a text signed byte for byte: integers past 2^53 and white space stay as they are. */
export async function signedText(ringKey: RingKey, header: Claims, payload: BinaryText): Promise<string> {
  const { alg, kid, key } = ringKey
  const head = encodedJson({ alg, typ: 'JWT', kid, ...header })
  const input = `${head}.${bytesOfText(payload).toString('base64url')}`
  const signature = await key.sign(bytesOfText(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

/** A JSON value in base64url. */
export function encodedJson(value: unknown): string {
  return bytesOfText(jsonOf(value)).toString('base64url')
}
