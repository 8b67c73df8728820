import { utf8OfText, type BinaryText } from '../core/binary-text.ts'
import type { Splice } from '../core/json.ts'
import { tokenSplices } from './compact-tokens.ts'
import type { RedactRules } from './rules.ts'
import { valueSplice, type Substitutes } from './substitutes.ts'

/** Secrets that are told by their look, wherever they stand: tokens, PEM, userinfo of URLs, what patterns match. */
export function textSplices(
  text: BinaryText,
  rules: RedactRules,
  substitutes: Substitutes,
): readonly Splice[] {
  const { jwt, privateKeys, userinfo } = rules.definition
  const splices: Splice[] = []
  if (jwt || substitutes.token !== undefined) splices.push(...tokenSplices(text, substitutes))
  if (privateKeys && holdsKey(text)) splices.push(...pemSplices(text, substitutes))
  if (userinfo) splices.push(...userinfoSplices(text, substitutes))
  for (const pattern of rules.patterns) splices.push(...patternSplices(text, pattern, substitutes))
  return splices
}

/** Whether there may be a private key in PEM: the words are rarer than dashes. */
export function holdsKey(text: BinaryText): boolean {
  return text.includes('PRIVATE KEY')
}

/** Whether there is a URL with userinfo. */
export function holdsUserinfo(text: BinaryText): boolean {
  return nextUserinfo(text, 0) !== undefined
}
const PEM_BEGIN = '-----BEGIN '
const PEM_END = '-----END '
/** `ENCRYPTED PRIVATE KEY` is one too: a passphrase can be guessed (RFC 7468 §11). */
const PEM_LABEL = /[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y

/** What stands between the lines of a private key; to the end of the text for one that was cut off. */
function pemSplices(text: BinaryText, substitutes: Substitutes): readonly Splice[] {
  const splices: Splice[] = []
  let at = text.indexOf(PEM_BEGIN)
  while (at !== -1) {
    PEM_LABEL.lastIndex = at + PEM_BEGIN.length
    const label = PEM_LABEL.exec(text)?.[0]
    if (label === undefined) {
      at = text.indexOf(PEM_BEGIN, at + 1)
      continue
    }
    const inside = at + PEM_BEGIN.length + label.length
    const close = text.indexOf(PEM_END, inside)
    const [start, end] = withoutLineEnds(text, inside, close === -1 ? text.length : close)
    splices.push(...valueSplice(substitutes, 'private_key', text.slice(start, end), { start, end }))
    if (close === -1) break
    at = text.indexOf(PEM_BEGIN, close)
  }
  return splices
}

/** Line ends stay where they are, escaped ones as well. */
function withoutLineEnds(text: BinaryText, from: number, to: number): readonly [number, number] {
  let [start, end] = [from, to]
  const lineEnd = (at: number): number => {
    if (text[at] === '\r' || text[at] === '\n') return 1
    return text[at] === '\\' && (text[at + 1] === 'n' || text[at + 1] === 'r') ? 2 : 0
  }
  while (start < end && lineEnd(start) > 0) start += lineEnd(start)
  for (;;) {
    if (end - 1 >= start && lineEnd(end - 1) === 1) end -= 1
    else if (end - 2 >= start && lineEnd(end - 2) === 2) end -= 2
    else return [start, end]
  }
}

/** Longest userinfo that is looked for. */
const LONGEST_USERINFO = 512
const USERINFO = /[^\s/?#@"'<>\\`,;(){}|^[\]]/
const BEFORE_USERINFO = /:\\{0,31}\/\\{0,31}\/$/

function userinfoSplices(text: BinaryText, substitutes: Substitutes): readonly Splice[] {
  const splices: Splice[] = []
  for (let place = nextUserinfo(text, 0); place !== undefined; place = nextUserinfo(text, place.end + 1)) {
    splices.push(...valueSplice(substitutes, 'userinfo', text.slice(place.start, place.end), place))
  }
  return splices
}

/** Read from the `@` on backwards: a text has fewer of them than colons. JSON may have its slashes escaped. */
function nextUserinfo(
  text: BinaryText,
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  for (let end = text.indexOf('@', from); end !== -1; end = text.indexOf('@', end + 1)) {
    let start = end
    while (end - start < LONGEST_USERINFO && USERINFO.test(text[start - 1] ?? '/')) start -= 1
    if (start === end || text[start - 1] !== '/') continue
    if (BEFORE_USERINFO.test(text.slice(Math.max(0, start - LONGEST_SLASHES), start))) return { start, end }
  }
  return undefined
}

/** `://` with the backslashes of JSON in JSON. */
const LONGEST_SLASHES = 66

function patternSplices(
  text: BinaryText,
  pattern: RedactRules['patterns'][number],
  substitutes: Substitutes,
): readonly Splice[] {
  const splices: Splice[] = []
  const matcher = pattern.matcher(text)
  const group = pattern.groupCount() > 0 ? 1 : 0
  while (matcher.find()) {
    const [start, end] = [matcher.start(group), matcher.end(group)]
    if (start >= 0) {
      splices.push(...valueSplice(substitutes, 'pattern', utf8OfText(text.slice(start, end)), { start, end }))
    }
  }
  return splices
}
