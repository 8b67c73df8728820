import type { BinaryText } from '../../core/binary-text.ts'
import type { SeededNumbers } from './seeded.ts'

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits. */
export function seededText(numbers: SeededNumbers, length: number): BinaryText {
  return Array.from({ length }, () => LETTERS_AND_DIGITS[numbers.below(LETTERS_AND_DIGITS.length)]).join('')
}

/** A UUID of version 4 by its form (RFC 9562 §5.4). */
export function seededUuid(numbers: SeededNumbers): BinaryText {
  const bytes = Buffer.from(numbers.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const CLASSES: readonly (readonly [test: RegExp, alphabet: string])[] = [
  [/[0-9]/, '0123456789'],
  [/[a-f]/, 'abcdef'],
  [/[A-F]/, 'ABCDEF'],
  [/[a-z]/, 'abcdefghijklmnopqrstuvwxyz'],
  [/[A-Z]/, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
]

/** A text of the same form: digits for digits, letters for letters of their case, hexadecimal ones for their like. */
export function seededLike(numbers: SeededNumbers, recorded: BinaryText): BinaryText {
  return recorded.replaceAll(/[A-Za-z0-9]/g, (character) => {
    const alphabet = CLASSES.find(([test]) => test.test(character))?.[1] ?? character
    return alphabet[numbers.below(alphabet.length)] ?? character
  })
}
