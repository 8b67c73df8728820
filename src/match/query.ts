/** One `name=value` of a query or form body, percent-decoded; `value` is undefined where there was no `=`. */
export interface QueryPart {
  readonly name: string
  readonly value: string | undefined
}

/** Takes `a=1&b&c=` apart, in order; `+` is a space, and a broken escape stays as written. */
export function queryParts(query: string): readonly QueryPart[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      if (equals === -1) return { name: decode(part), value: undefined }
      return { name: decode(part.slice(0, equals)), value: decode(part.slice(equals + 1)) }
    })
}

/** Begins a text whose escapes could not be undone; no decoded text holds a lone surrogate. */
export const UNDECODED = '\ud801'

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not UTF-8 behind the escapes: compared as written, and never the same as a text that says just that.
    return UNDECODED + spaced
  }
}

/** Sorted by name, then value, one without a value first: the order of parameters does not count. */
export function sortedParts(parts: readonly QueryPart[]): readonly QueryPart[] {
  return parts.length < 2 ? parts : parts.toSorted(byNameAndValue)
}

function byNameAndValue(a: QueryPart, b: QueryPart): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.value === b.value) return 0
  if (a.value === undefined || b.value === undefined) return a.value === undefined ? -1 : 1
  return a.value < b.value ? -1 : 1
}
