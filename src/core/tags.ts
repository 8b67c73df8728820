import { ResealError } from './errors.ts'

/** What a recording says of its pairs: a value for each name. */
export type Tags = Readonly<Record<string, string>>

/** The tag that says which way requests go: `in` to the service under test, else out of it to a backend. */
export const DIRECTION_TAG = 'direction'

/** The name of a tag. */
export const TAG_NAME = /^[A-Za-z_][\w.-]{0,63}$/
/** A value: no control characters, no comma, which parts tags. */
// eslint-disable-next-line no-control-regex -- exactly these are meant
const TAG_VALUE = /^[^\x00-\x1f\x7f,]{0,256}$/
const MAX_TAGS = 32

/**
 * Reads `NAME=VALUE,NAME=VALUE`, or `none`.
 * @returns in the order of their names, so that the same tags are the same text; undefined for none
 * @throws ResealError CONFIG_INVALID
 */
export function parseTags(text: string): Tags | undefined {
  const parts = text === 'none' ? [] : text.split(',').filter((part) => part.trim() !== '')
  const tags = parts.map((part) => {
    const equals = part.indexOf('=')
    return [part.slice(0, Math.max(0, equals)).trim(), part.slice(equals + 1).trim()] as const
  })
  const wrong = tags.findIndex(([name, value]) => !isTag(name, value))
  if (wrong !== -1 || tags.length > MAX_TAGS) {
    const what =
      wrong === -1 ? `${tags.length} are more than ${MAX_TAGS} tags` : `"${parts[wrong]}" is no tag`
    throw new ResealError('CONFIG_INVALID', what, {
      hint: `Write NAME=VALUE, such as team=pay; ${DIRECTION_TAG} is in or out.`,
    })
  }
  return tags.length === 0 ? undefined : inOrder(tags)
}

/** Tags as a snapshot has them; undefined for a value that is none. */
export function storedTags(value: unknown): Tags | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const tags = Object.entries(value).map(([name, tag]: [string, unknown]) => [name, String(tag)] as const)
  return tags.every(([name, tag]) => isTag(name, tag)) ? inOrder(tags) : undefined
}

function isTag(name: string, value: string): boolean {
  return (
    TAG_NAME.test(name) &&
    TAG_VALUE.test(value) &&
    (name !== DIRECTION_TAG || value === 'in' || value === 'out')
  )
}

function inOrder(tags: readonly (readonly [name: string, value: string])[]): Tags {
  return Object.fromEntries(tags.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
