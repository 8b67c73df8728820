import { utf8Json } from '../../core/json.ts'
import type { JsonMatch, TextMatch } from '../document/definition.ts'
import { compileJsonPath } from '../json-path/json-path.ts'
import type { Focus } from '../message/focus.ts'
import { compilePattern } from '../values/pattern.ts'
import { textGlob, type Glob } from './glob.ts'

export function anyFits(globs: readonly Glob[], texts: readonly string[]): boolean {
  return globs.some((glob) => texts.some(glob))
}

/** Says of all values that a name has, none where it is missing, whether they are as wanted. */
export type ValuesTest = (values: readonly string[]) => boolean

/** A test for each name. */
export function compileTextTests(
  wanted: Readonly<Record<string, TextMatch | readonly TextMatch[]>>,
): readonly (readonly [name: string, test: ValuesTest])[] {
  return Object.entries(wanted).map(([name, match]) => {
    const tests = (Array.isArray(match) ? match : [match]).map(valuesTest)
    return [name, (values) => tests.some((test) => test(values))] as const
  })
}

function valuesTest(match: TextMatch): ValuesTest {
  if (typeof match === 'boolean') return (values) => values.length > 0 === match
  if (typeof match === 'string') {
    const glob = textGlob(match)
    return (values) => values.some(glob)
  }
  const pattern = compilePattern(match.regex)
  return (values) => values.some((value) => pattern.test(value))
}

/** A test of a JSON text; what is no JSON fits only what wants nothing to be there. */
export function compileJsonTests(
  wanted: Readonly<Record<string, JsonMatch | readonly JsonMatch[]>>,
): (body: Focus | undefined) => boolean {
  const tests = Object.entries(wanted).map(([path, match]) => {
    const query = compileJsonPath(path)
    const matches = (Array.isArray(match) ? match : [match]).map(jsonTest)
    return (body: Focus | undefined): boolean => {
      const root = body?.json()
      const found = body && root && query.select(root, body.recorded)
      const values = (found ?? []).map(({ node }) =>
        utf8Json(body?.recorded.slice(node.start, node.end) ?? ''),
      )
      return matches.some((test) => test(values))
    }
  })
  return (body) => tests.every((test) => test(body))
}

function jsonTest(match: JsonMatch): (values: readonly unknown[]) => boolean {
  if (typeof match === 'object' && match !== null && 'exists' in match) {
    return (values) => values.length > 0 === match.exists
  }
  if (typeof match === 'object' && match !== null) {
    const pattern = compilePattern(match.regex)
    return (values) => values.some((value) => typeof value === 'string' && pattern.test(value))
  }
  if (typeof match === 'string') {
    const glob = textGlob(match)
    return (values) => values.some((value) => typeof value === 'string' && glob(value))
  }
  return (values) => values.includes(match)
}
