import type { Difference, Ignored } from './difference.ts'
import type { NearMiss } from './near-miss.ts'

/**
 * The lines of a transform document under which a request would be answered by this near miss; undefined where none
 * would, or where not all that differs is known.
 */
export function remedyLines({ differs, complete }: NearMiss): readonly string[] | undefined {
  if (!complete || differs.length === 0) return undefined
  if (!differs.every(({ ignore, set }) => ignore !== undefined || set !== undefined)) return undefined
  const ignored = Map.groupBy(
    differs.flatMap(({ ignore }) => ignore ?? []),
    ({ key }) => key,
  )
  return [
    'match:',
    ...(ignored.size === 0 ? [] : ['  ignore:']),
    ...[...ignored].map(([key, lists]) => `    ${key}: ${flowList(lists)}`),
    ...new Set(differs.flatMap(({ set }) => (set === undefined ? [] : [`  ${set.key}: ${set.value}`]))),
  ]
}

/** JSON's strings are YAML's. */
function flowList(ignored: readonly Ignored[]): string {
  return JSON.stringify([...new Set(ignored.flatMap(({ entries }) => entries))]).replaceAll('","', '", "')
}

/** The fields that differ, in one line. */
export function fieldsOf(differs: readonly Difference[]): string {
  return differs.map(({ field }) => field).join(', ')
}
