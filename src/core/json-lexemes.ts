import type { BinaryText } from './binary-text.ts'

/**
 * The bytes of a text and a NUL behind them, which is part of no lexeme, so that no end has to be looked for.
 * Characters of a string cost four times as much to look at, and a regular expression costs more to start than most
 * lexemes have characters.
 */
export function lexable(text: BinaryText): Uint8Array {
  const bytes = Buffer.allocUnsafe(text.length + 1)
  bytes.write(text, 'latin1')
  bytes[text.length] = 0
  return bytes
}

const [TAB, LF, CR, SPACE, QUOTE, PLUS, MINUS, DOT] = [9, 10, 13, 32, 34, 43, 45, 46]
const [ZERO, NINE, BACKSLASH, SMALL_U] = [48, 57, 92, 117]

/** Where white space ends that begins at an offset (RFC 8259 §2); the offset itself where there is none. */
export function spaceEnd(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const code = bytes[at] ?? 0
    if (code !== SPACE && code !== LF && code !== CR && code !== TAB) return at
    at += 1
  }
}

/** Behind the closing quote of a string whose opening one is at the offset (RFC 8259 §7); -1 for no string. */
export function stringEnd(bytes: Uint8Array, start: number): number {
  if ((bytes[start] ?? 0) !== QUOTE) return -1
  let at = start + 1
  for (;;) {
    const code = bytes[at] ?? 0
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) {
      at = escapeEnd(bytes, at)
      if (at === -1) return -1
    } else if (code >= SPACE) at += 1
    // A control character, or the end.
    else return -1
  }
}

function escapeEnd(bytes: Uint8Array, start: number): number {
  const code = bytes[start + 1] ?? 0
  if (code !== SMALL_U) return SHORT_ESCAPES.has(code) ? start + 2 : -1
  for (let at = start + 2; at < start + 6; at += 1) if (!isHexDigit(bytes[at] ?? 0)) return -1
  return start + 6
}

const SHORT_ESCAPES: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0)))

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102)
}

/** Behind a number that begins at the offset (RFC 8259 §6); -1 for none. */
export function numberEnd(bytes: Uint8Array, start: number): number {
  let at = (bytes[start] ?? 0) === MINUS ? start + 1 : start
  if ((bytes[at] ?? 0) === ZERO) at += 1
  else at = digitsEnd(bytes, at)
  if (at !== -1 && (bytes[at] ?? 0) === DOT) {
    // `1.` and `1e` are numbers up to there, and what follows is a mistake for whoever reads on.
    const end = digitsEnd(bytes, at + 1)
    if (end === -1) return at
    at = end
  }
  // e, E
  if (at === -1 || ((bytes[at] ?? 0) | 32) !== 101) return at
  const sign = bytes[at + 1] ?? 0
  const end = digitsEnd(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1)
  return end === -1 ? at : end
}

/** Behind one digit or more; -1 where there is none. */
function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at] ?? 0)) at += 1
  return at === start ? -1 : at
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** Behind `true`, `false` or `null` at the offset (RFC 8259 §3); -1 for anything else. */
export function wordEnd(bytes: Uint8Array, start: number): number {
  switch (bytes[start]) {
    case SMALL_F:
      return followed(bytes, start, FALSE)
    case SMALL_N:
      return followed(bytes, start, NULL)
    case SMALL_T:
      return followed(bytes, start, TRUE)
    default:
      return -1
  }
}

const [SMALL_F, SMALL_N, SMALL_T] = [102, 110, 116]
const [FALSE, NULL, TRUE] = [Buffer.from('false'), Buffer.from('null'), Buffer.from('true')]

function followed(bytes: Uint8Array, start: number, word: Uint8Array): number {
  for (let at = 1; at < word.length; at += 1) if (bytes[start + at] !== word[at]) return -1
  return start + word.length
}

/** Behind a byte order mark, where the text begins with one. */
export function afterByteOrderMark(text: BinaryText): number {
  return text.startsWith('\xef\xbb\xbf') ? 3 : 0
}
