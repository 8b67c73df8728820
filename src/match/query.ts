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

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not UTF-8 behind the escapes: compared as written.
    return spaced
  }
}
