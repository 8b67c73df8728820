import type { HttpRequest } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import { printable } from '../core/printable.ts'
import type { Clock, EpochMs } from '../core/time.ts'
import type { NearMiss } from '../match/near-miss.ts'
import { pathOf } from '../match/request-path.ts'

/** Misses that are the same mistake: of one method, nearest to the same pair, and different from it in the same fields. */
export interface MissGroup {
  readonly count: number
  readonly firstAt: EpochMs
  readonly lastAt: EpochMs
  /** The last request of the group. */
  readonly method: string
  /** Masked. */
  readonly target: string
  readonly nearest: readonly NearMiss[]
}

/** What was missed, grouped. */
export interface MissBook {
  note(request: HttpRequest, near: readonly NearMiss[]): void
  /** The most frequent first. */
  groups(): readonly MissGroup[]
  /** Misses of groups that are not kept any more. */
  readonly forgotten: number
  clear(): void
}

/** Groups that are kept; beyond them the one that was quiet for the longest is forgotten. */
export const MISS_GROUPS = 500

export function createMissBook(clock: Clock): MissBook {
  const groups = new Map<string, MissGroup>()
  let forgotten = 0
  return {
    note: (request, near) => {
      const name = groupOf(request, near)
      const known = groups.get(name)
      const lastAt = clock()
      // The latest is the last of the map, so that the first is the one to forget.
      groups.delete(name)
      groups.set(name, {
        count: (known?.count ?? 0) + 1,
        firstAt: known?.firstAt ?? lastAt,
        lastAt,
        method: printable(request.method),
        target: maskedTarget(request.target),
        nearest: near,
      })
      if (groups.size <= MISS_GROUPS) return
      const [oldest] = groups
      if (oldest === undefined) return
      groups.delete(oldest[0])
      forgotten += oldest[1].count
    },
    groups: () => [...groups.values()].toSorted((a, b) => b.count - a.count || a.firstAt - b.firstAt),
    get forgotten() {
      return forgotten
    },
    clear: () => {
      groups.clear()
      forgotten = 0
    },
  }
}

function groupOf({ method, target }: HttpRequest, [nearest]: readonly NearMiss[]): string {
  const what =
    nearest === undefined
      ? ['', pathOf(target)]
      : [String(nearest.pair), ...nearest.differs.map(({ field }) => field)]
  return JSON.stringify([method, ...what])
}
