import { findJwts } from './jwt.ts'
import { printable } from './printable.ts'

/** Names that speak of a secret, wherever in the name they stand. */
const SECRET_NAME =
  /token|secret|passw|passphrase|assertion|authoriz|credential|cookie|session|signature|saml|jwt|api[-_]?key/i
/** Short names that do so only as a whole word. */
const SECRET_WORD = /(?:^|[^A-Za-z])(?:code|pass|pwd|pin|key|sid|sig|auth)(?:$|[^A-Za-z])/i
/** What stands for a JWT where one was compared by its claims. */
const CLAIMS_HASH = /jwt:[A-Za-z0-9_-]{20}/
/** As long as nothing but an opaque token is; a UUID is shorter. */
const OPAQUE = /[A-Za-z0-9_+/=-]{40}/

/** Of a target, a message shows so much. */
const MOST_SHOWN = 2000

/** What stands in a message for a value that may be a secret. */
const MASK = '(masked)'

/** Whether a member or parameter of this name may hold a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || SECRET_WORD.test(name)
}

/** A value as reports and logs may show it, in one line: masked when its name or its look says that it may be a secret. */
export function maskedValue(name: string, value: string): string {
  return isSecretName(name) || looksSecret(value) ? MASK : printable(value)
}

/** A name that came with a request, which may be a token as well. */
export function maskedName(name: string): string {
  return looksSecret(name) ? MASK : printable(name)
}

/**
 * A request target as reports and logs may show it: without userinfo and fragment, parameters of the path and of the
 * query masked by their names and looks, and of a long one the first 2,000 characters.
 */
export function maskedTarget(target: string): string {
  const masked = maskedWholeTarget(target)
  return masked.length > MOST_SHOWN ? `${masked.slice(0, MOST_SHOWN)}…` : masked
}

function maskedWholeTarget(target: string): string {
  const [beforeFragment = ''] = target.split('#', 1)
  const withoutUser = beforeFragment.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1')
  const mark = withoutUser.indexOf('?')
  const path = (mark === -1 ? withoutUser : withoutUser.slice(0, mark))
    .split('/')
    .map(maskedSegment)
    .join('/')
  if (mark === -1) return path
  return `${path}?${withoutUser
    .slice(mark + 1)
    .split('&')
    .map(maskedParameter)
    .join('&')}`
}

/** `name;parameter=value` (RFC 3986 §3.3). */
function maskedSegment(segment: string): string {
  const [name = '', ...parameters] = segment.split(';')
  return [maskedName(name), ...parameters.map(maskedParameter)].join(';')
}

function maskedParameter(part: string): string {
  const equals = part.indexOf('=')
  if (equals === -1) return maskedName(part)
  const name = part.slice(0, equals)
  return `${maskedName(name)}=${maskedValue(unescaped(name), part.slice(equals + 1))}`
}

function looksSecret(value: string): boolean {
  return OPAQUE.test(value) || CLAIMS_HASH.test(value) || findJwts(value).length > 0
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // Not UTF-8 behind the escapes: judged as written.
    return name
  }
}
