import { kindOfValue, type ValueKind } from '../core/value-kind.ts'
import { jwtsAsClaims } from './jwt-fingerprint.ts'

/**
 * Begins what stands for a class of values. No request can say it: it is a lone surrogate, which is in no decoded
 * UTF-8 and no text of bytes.
 */
export const CLASS_MARK = '\ud800'

/** A class of values as it stands in a comparison. */
export function classOf(kind: string): string {
  return `${CLASS_MARK}<${kind}>`
}

/** What a value is compared as: its class where it is of one of these kinds, else itself with each JWT as it says. */
export function comparedValue(value: string, kinds: readonly ValueKind[]): string {
  return classStandIn(value, kinds) ?? jwtsAsClaims(value)
}

/** What stands for a value of one of these kinds; undefined for other values. */
export function classStandIn(value: string, kinds: readonly ValueKind[]): string | undefined {
  const kind = kinds.length === 0 ? undefined : kindOfValue(value, kinds)
  return kind === undefined ? undefined : classOf(kind)
}
