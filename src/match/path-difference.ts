import { kindOfValue, VALUE_KIND_NAMES } from '../core/value-kind.ts'
import { maskedName } from '../core/masking.ts'
import type { Difference, Ignored } from './difference.ts'
import { OPTIONAL_SLASH } from './path-template.ts'
import { segmentValue } from './request-path.ts'

/** Why two paths probably differ, and the template that would make them one. */
export function pathDifference(asked: string, recorded: string): Pick<Difference, 'cause' | 'ignore'> {
  if (withoutSlash(asked) === withoutSlash(recorded)) {
    const entry = templateText(withoutSlash(recorded).split('/'), new Set())
    return { cause: 'trailing slash', ...(entry && { ignore: pathIgnored(`${entry}${OPTIONAL_SLASH}`) }) }
  }
  if (asked.toLowerCase() === recorded.toLowerCase()) return { cause: 'letter case' }
  const [now, then] = [asked.split('/'), recorded.split('/')]
  if (now.length !== then.length) return { cause: 'path' }
  const differing = now.flatMap((segment, index) => (segment === then[index] ? [] : [index]))
  const volatile = differing.map((index) => idKind(now[index] ?? '', then[index] ?? ''))
  const [cause] = volatile
  if (cause === undefined || volatile.includes(undefined)) return { cause: 'path' }
  const entry = templateText(then, new Set(differing))
  return entry === undefined ? { cause } : { cause, ignore: pathIgnored(entry) }
}

function pathIgnored(entry: string): Ignored {
  return { key: 'path', entries: [entry] }
}

/** Both are of one kind, or both are numbers. */
function idKind(asked: string, recorded: string): Difference['cause'] | undefined {
  const [now, then] = [segmentValue(asked), segmentValue(recorded)]
  const kind = VALUE_KIND_NAMES.find(
    (name) => kindOfValue(now, [name]) !== undefined && kindOfValue(then, [name]) !== undefined,
  )
  return kind ?? (/^\d+$/.test(asked) && /^\d+$/.test(recorded) ? 'id' : undefined)
}

/** The path with names in braces for these segments; undefined where another segment could not stand in it. */
function templateText(segments: readonly string[], open: ReadonlySet<number>): string | undefined {
  const kept = segments.filter((_, index) => !open.has(index))
  if (kept.some((segment) => /[{}]/.test(segment) || maskedName(segment) !== segment)) return undefined
  let count = 0
  return segments
    .map((segment, index) => {
      if (!open.has(index)) return segment
      count += 1
      return count === 1 ? '{id}' : `{id${count}}`
    })
    .join('/')
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
