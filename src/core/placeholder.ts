import { textOfUtf8, type BinaryText } from './binary-text.ts'

/** What stands in a snapshot for a secret: `redacted-client_secret-3`, in the letters that every syntax takes as they are. */
const PLACEHOLDER = /^redacted-[a-z0-9_]+-\d+(?:-\d+)?$/
/** The same anywhere in a text; a {@link redactedSignature} is none of these. */
const PLACEHOLDER_INSIDE = /redacted-[a-z0-9_]+-\d/
const EVERY_PLACEHOLDER = /redacted-([a-z0-9_]+)-(\d+(?:-\d+)?)/g
const EVERY_BASIC = /cmVkYWN0ZWQt[A-Za-z0-9+/]+=*/g
const BASIC_PLACEHOLDER = /^redacted-([a-z0-9_]+)-\d+(?:-\d+)?:redacted$/
/** `redacted-` in base64: how a placeholder for Basic credentials begins (RFC 7617 §2). */
const BASIC_MARK = 'cmVkYWN0ZWQt'

/**
 * The placeholder of a secret.
 * @param name what kind of secret it is, in lower case letters, digits and `_`
 * @param number digits, or two groups of them with `-` between
 */
export function placeholder(name: string, number: string): string {
  return `redacted-${name}-${number}`
}

/** Whether a value is a placeholder and nothing else. */
export function isPlaceholder(value: string): boolean {
  return value.startsWith('redacted-') && PLACEHOLDER.test(value)
}

/** Whether there is a placeholder anywhere in a text. */
export function holdsPlaceholder(text: string): boolean {
  return (text.includes('redacted-') && PLACEHOLDER_INSIDE.test(text)) || text.includes(BASIC_MARK)
}

/** A text with this number in each of its placeholders, whatever stands around them. */
export function placeholdersAs(number: string, text: string): string {
  if (!holdsPlaceholder(text)) return text
  return text
    .replaceAll(EVERY_PLACEHOLDER, (_, name: string) => placeholder(name, number))
    .replaceAll(EVERY_BASIC, (credentials) => {
      const [, name] = BASIC_PLACEHOLDER.exec(Buffer.from(credentials, 'base64').toString('latin1')) ?? []
      return name === undefined ? credentials : basicPlaceholder(placeholder(name, number))
    })
}

/** The numbers of the placeholders in a text; a secret has the same number whatever it is called in a place. */
export function placeholderNumbers(text: BinaryText): readonly string[] {
  if (!text.includes('redacted-')) return []
  return [...text.matchAll(EVERY_PLACEHOLDER)].flatMap(([, , number]) => number ?? [])
}

/** Credentials that are well formed and nobody's; the placeholder stands for user and password together. */
export function basicPlaceholder(mark: string): string {
  return Buffer.from(`${mark}:redacted`).toString('base64')
}

/** User and password, or the placeholder that stands for them. */
export function basicValue(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('latin1')
  return credentials.startsWith(BASIC_MARK) ? text.replace(/:redacted$/, '') : text
}

/** A name of the user's or of the wire's as a placeholder may carry it; at most 40 characters. */
export function placeholderName(name: string): BinaryText {
  const plain = textOfUtf8(name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
  return plain.slice(0, 40) || 'value'
}
