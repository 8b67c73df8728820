import type { ControlRoute, RouteIds } from './control-route.ts'

/** What a target leads to. */
export type Found =
  | { readonly kind: 'route'; readonly route: ControlRoute; readonly ids: RouteIds }
  /** The path is known, and these are its methods. */
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'none' }

/**
 * Finds routes by method and target. Segments are compared as they are, then decoded once: an id is a name and never a
 * path, so that `..` or `%2F` in it lead nowhere.
 */
export function routeFinder(routes: readonly ControlRoute[]): (method: string, target: string) => Found {
  const patterns = routes.map((route) => ({ route, pattern: route.path.split('/') }))
  return (method, target) => {
    const segments = pathOf(target).split('/')
    const fitting = patterns.flatMap(({ route, pattern }) => {
      const ids = idsIn(pattern, segments)
      return ids === undefined ? [] : [{ route, ids }]
    })
    if (fitting.length === 0) return { kind: 'none' }
    // The answer to HEAD is that to GET without its content (RFC 9110 §9.3.2), which the listener leaves out.
    const wanted = method === 'HEAD' ? 'GET' : method
    const found = fitting.find(({ route }) => route.method === wanted)
    if (found !== undefined)
      return { kind: 'route', route: found.route, ids: (name) => found.ids.get(name) ?? '' }
    const methods = fitting.flatMap(({ route }) =>
      route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
    )
    return { kind: 'method', methods }
  }
}

/** The path of a target in origin or absolute form (RFC 9112 §3.2), query left out. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  return /^[^?#]*/.exec(path)?.[0] ?? ''
}

function idsIn(
  pattern: readonly string[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const ids = new Map<string, string>()
  for (const [at, expected] of pattern.entries()) {
    const segment = segments[at] ?? ''
    const name = /^\{(?<name>\w+)\}$/.exec(expected)?.groups?.name
    const id = name === undefined ? undefined : decoded(segment)
    if (name === undefined ? segment !== expected : id === undefined || id === '') return undefined
    if (name !== undefined && id !== undefined) ids.set(name, id)
  }
  return ids
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // Not percent-encoded UTF-8: no id is written so.
    return undefined
  }
}
