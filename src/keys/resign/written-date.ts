import type { BinaryText } from '../../core/binary-text.ts'

/** A NumericDate (RFC 7519 §2) as somebody wrote it, which can be written anew for another moment in the same way. */
export interface WrittenDate {
  /** Seconds since the epoch, with a fraction where one is written. */
  readonly seconds: number
  /** The same moment, so many whole seconds later (earlier when negative). */
  shifted(deltaSeconds: number): BinaryText
  /** Another moment, in whole seconds since the epoch. */
  at(seconds: number): BinaryText
}

/** Longer numbers are no dates, and their arithmetic would cost time. */
const MAX_DIGITS = 40

/** Above this a number counts milliseconds: in seconds it would be the year 5138. */
const LEAST_MILLISECONDS = 1e11

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/
const EXPONENT = /^-?\d+(?:\.\d+)?[eE][+-]?\d+$/

/**
 * Understands the JSON text of a date: a number, or a string that holds nothing but one. Integers stay integers to the
 * last digit, decimals keep their number of places, milliseconds stay milliseconds, strings stay strings; an exponent
 * becomes a plain integer.
 * @returns undefined for what is no moment: other values, and zero, which issuers write for "none" (Keycloak's `nbf: 0`)
 */
export function writtenDate(literal: BinaryText): WrittenDate | undefined {
  const quoted = literal.startsWith('"')
  const plain = plainNumber(quoted ? unquoted(literal) : literal)
  const parts = plain === undefined ? null : NUMBER.exec(plain)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = ''] = parts
  const amount = BigInt(`${sign}${whole}${fraction}`)
  if (amount === 0n) return undefined
  const value = Number(plain)
  const perSecond = Math.abs(value) > LEAST_MILLISECONDS ? 1000 : 1
  const scale = BigInt(perSecond) * 10n ** BigInt(fraction.length)
  const spell = (next: bigint): BinaryText => {
    const text = decimal(next, fraction.length)
    return quoted ? `"${text}"` : text
  }
  return {
    seconds: value / perSecond,
    shifted: (deltaSeconds) => spell(amount + BigInt(deltaSeconds) * scale),
    at: (seconds) => spell(BigInt(seconds) * scale),
  }
}

function unquoted(literal: BinaryText): string | undefined {
  if (literal.length > 8 * MAX_DIGITS) return undefined
  const value: unknown = JSON.parse(literal)
  return typeof value === 'string' ? value : undefined
}

/** Number text without an exponent; leading zeros, which only strings can have, are no date's. */
function plainNumber(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_DIGITS || /^-?0\d/.test(text)) return undefined
  if (!EXPONENT.test(text)) return text
  const value = Math.floor(Number(text))
  return Number.isSafeInteger(value) ? String(value) : undefined
}

/** An amount of 10^-places as decimal text. */
function decimal(amount: bigint, places: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, '0')
  const point = digits.length - places
  return `${sign}${digits.slice(0, point)}${places === 0 ? '' : `.${digits.slice(point)}`}`
}
