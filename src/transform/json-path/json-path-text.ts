import type { JsonPathSegment, JsonPathSelector } from './json-path-syntax.ts'

/**
 * The path in the one spelling that jsonpath-plus reads as meant. Of what users write it finds nothing, without a
 * word, for `.a`, `[0]`, `$[-1]`, `$["it's"]` and `$.b[ 0 ]` among others.
 * @returns several paths for a union, whose results follow each other
 */
export function jsonPathTexts(segments: readonly JsonPathSegment[]): readonly string[] {
  return segments.reduce<readonly string[]>(
    (paths, { deep, selectors }) =>
      paths.flatMap((path) => selectors.map((selector) => `${path}${deep ? '..' : ''}${textOf(selector)}`)),
    ['$'],
  )
}

/** Names that jsonpath-plus finds in no spelling: it would take them apart and select nothing. */
const OUT_OF_REACH = /[[\];\\^~]|#\d|@[\w$-]+\([^)]*\)|','|%@|@%|\(.*[',].*\)|\(.*\).*[',]|[',].*\(.*\)/

/** The first name of the path that jsonpath-plus cannot reach. */
export function nameOutOfReach(segments: readonly JsonPathSegment[]): string | undefined {
  const names = segments.flatMap(({ selectors }) =>
    selectors.flatMap((selector) => (selector.kind === 'name' ? [selector.name] : [])),
  )
  return names.find((name) => OUT_OF_REACH.test(name))
}

function textOf(selector: JsonPathSelector): string {
  if (selector.kind === 'parent') return '^'
  return selector.kind === 'key' ? '~' : `[${choiceOf(selector)}]`
}

function choiceOf(selector: Exclude<JsonPathSelector, { readonly kind: 'parent' | 'key' }>): string {
  switch (selector.kind) {
    case 'name':
      // The backquote makes a word such as * or $ a name; a name with a comma is one without it as well.
      return selector.name.includes(',') ? `'${selector.name}'` : `'\`${selector.name}'`
    case 'index':
      return selector.index < 0 ? lastItem(selector.index) : String(selector.index)
    case 'wildcard':
      return '*'
    case 'slice':
      return `${selector.start ?? ''}:${selector.end ?? ''}:${selector.step}`
  }
}

/** jsonpath-plus counts from the end in slices only. */
function lastItem(index: number): string {
  return index === -1 ? '-1:' : `${index}:${index + 1}`
}
