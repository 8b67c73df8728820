import { headerValue } from '../core/headers.ts'
import { isServable, type AskedPair, type PairId } from '../core/pair.ts'
import { pathOf } from '../match/request-path.ts'

/** A recorded request that changed something. */
export interface Write {
  readonly pair: PairId
  /** Backend, session and path that it changed, without a slash at the end. */
  readonly place: string
  /** What of earlier writes does not matter any more: PUT replaces a resource, DELETE takes what is below it too. */
  readonly replaces: 'nothing' | 'itself' | 'all below'
  /** The earlier writes that it made void in the recording. */
  readonly voids: readonly Write[]
}

/** The writes of a recording, and which reads each of them bears on. */
export interface WriteHistory {
  /** To be called for every pair in recorded order. `session` is whose it was. */
  add(head: AskedPair, session: string): void
  /** The write that a pair is; undefined for a read, or a write that was refused. */
  write(pair: PairId): Write | undefined
  /** Backend and session of a pair: what writes elsewhere have nothing to do with. */
  worldOf(pair: PairId): string
  /** The writes of a world that may change what a path answers, in recorded order. */
  bearingOn(world: string, path: string): readonly Write[]
}

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** Whether a request of this method may change something. */
export function isWrite(method: string): boolean {
  return !SAFE.has(method)
}

/**
 * A write bears on its own path, on every path above it (a list shows its items), on those below it unless it is a
 * POST (which adds something beside them), and on what its answer's `Location` names.
 */
export function createWriteHistory(): WriteHistory {
  const byPair = new Map<PairId, Write>()
  const worlds = new Map<PairId, string>()
  const names = new Map<string, string>()
  const under = new Map<string, Write[]>()
  const downward = new Map<string, Write[]>()
  const inForce = new Map<string, Write[]>()
  const known = new Map<string, readonly Write[]>()

  const voidedBy = (place: string, replaces: Write['replaces']): readonly Write[] => {
    if (replaces === 'nothing') return []
    const places = [...inForce.keys()].filter(
      (other) => other === place || (replaces === 'all below' && other.startsWith(`${place}/`)),
    )
    return places.flatMap((other) => {
      const voided = inForce.get(other) ?? []
      inForce.delete(other)
      return voided
    })
  }
  return {
    add(head, session) {
      const { method, target } = head.request
      const status = head.response?.status ?? 0
      const name = `${head.route.target} ${JSON.stringify(session)} `
      // One text for all pairs of a world.
      const world = names.get(name) ?? name
      names.set(name, world)
      worlds.set(head.id, world)
      if (!isServable(head) || !isWrite(method) || status < 200 || status >= 400) return
      const place = world + trimmed(pathOf(target))
      const replaces = REPLACES[method] ?? 'nothing'
      const write = { pair: head.id, place, replaces, voids: voidedBy(place, replaces) }
      byPair.set(head.id, write)
      append(inForce, place, write)
      const created = createdPath(head)
      const above = new Set([...upward(place), ...(created === undefined ? [] : upward(world + created))])
      for (const each of above) append(under, each, write)
      if (method !== 'POST') append(downward, place, write)
      known.clear()
    },
    write: (pair) => byPair.get(pair),
    worldOf: (pair) => worlds.get(pair) ?? '',
    bearingOn(world, path) {
      const place = world + trimmed(path)
      const earlier = known.get(place)
      if (earlier !== undefined) return earlier
      const above = upward(place)
        .slice(1)
        .flatMap((each) => downward.get(each) ?? [])
      const writes = new Set([...(under.get(place) ?? []), ...above])
      const bearing = [...writes].toSorted((a, b) => a.pair - b.pair)
      if (known.size < MAX_KNOWN) known.set(place, bearing)
      return bearing
    },
  }
}

/** Paths whose writes are kept at hand. */
const MAX_KNOWN = 10_000

const REPLACES: Readonly<Record<string, Write['replaces']>> = { PUT: 'itself', DELETE: 'all below' }

/** The place itself and all above it, up to the backend's root. */
function upward(place: string): readonly string[] {
  const places = [place]
  const root = place.lastIndexOf(' ') + 1
  for (let end = place.lastIndexOf('/'); end > root; end = place.lastIndexOf('/', end - 1)) {
    places.push(place.slice(0, end))
  }
  if (place.length > root + 1) places.push(place.slice(0, root + 1))
  return places
}

/** Where a POST says it made something, if that is at the same backend (RFC 9110 §10.2.2). */
function createdPath({ request, route, response }: AskedPair): string | undefined {
  const location = response && headerValue(response.headers, 'location')
  if (location === undefined) return undefined
  const url = URL.parse(location, new URL(pathOf(request.target), route.target).href)
  return url === null || url.origin !== route.target ? undefined : trimmed(url.pathname)
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function append(lists: Map<string, Write[]>, key: string, write: Write): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [write])
  else list.push(write)
}
