import type { HttpRequest } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import { isServable, type AskedPair, type PairSource, type RRPair } from '../core/pair.ts'
import type { Difference } from '../match/difference.ts'
import type { RuleBook } from '../match/rule-book.ts'
import { nearMisses, type Candidate, type NearMiss } from '../match/near-miss.ts'
import { openRequest } from '../match/request-difference.ts'
import type { MatchedSnapshot, WhyNot } from './matcher.ts'
import { recordedPaths, type Compared } from './recorded-paths.ts'

/** Finds the recorded requests nearest to one that was not answered. */
export interface Nearest {
  to(request: HttpRequest, origin: string | undefined, whyNot: WhyNot | undefined): readonly NearMiss[]
  /** How many recorded pairs were looked at; undefined once they all were. */
  compared(): Compared | undefined
  /** Looks at all of them, at once. */
  readAll(): void
  /** Takes in a pair that was stored since. */
  add(pair: AskedPair): void
}

/** Each miss reads a bounded number of pairs whole. */
export function nearestPairs(
  { pairs, index, secrets }: Pick<MatchedSnapshot, 'index' | 'secrets'> & { readonly pairs: PairSource },
  book: RuleBook,
): Nearest {
  const near = recordedPaths(pairs, index)
  const to: Nearest['to'] = (request, origin, whyNot) => {
    // What is redacted in the recording is no difference.
    const asked = openRequest(secrets.asked(request) ?? request)
    const rules = book.rulesFor(request.method, asked.path, origin ?? index.origins[0] ?? 'http://localhost')
    const first = whyNot === undefined ? [] : [whyNot.pair]
    const ids = new Set([...first, ...near.likely(asked.request.target)])
    const candidates = [...ids].flatMap((id): Candidate[] => {
      const pair = pairs.pair(id)
      if (pair === undefined) return []
      const besides = [
        ...(origin === undefined || pair.route.target === origin ? [] : [otherBackend(pair, origin)]),
        ...(whyNot?.pair === id ? [reasonOf(whyNot, pairs)] : []),
        ...(isServable(pair) ? [] : [brokenRecording(pair)]),
      ]
      return [{ pair: id, opened: openRequest(secrets.recorded(pair.request)), besides }]
    })
    return nearMisses(asked, candidates, rules)
  }
  return {
    to,
    compared: near.compared,
    readAll: near.readAll,
    add: ({ id, request }) => near.add(id, request.target),
  }
}

function otherBackend({ route }: RRPair, asked: string): Difference {
  const ignore = { key: 'host', entries: [new URL(route.target).host] } as const
  return { field: 'backend', recorded: route.target, asked, cause: 'host', ignore }
}

/** The same question was recorded, but its answer did not come whole. */
function brokenRecording({ outcome }: RRPair): Difference {
  const recorded = outcome === 'complete' ? 'stored truncated' : outcome
  return { field: 'recording', recorded, asked: 'a whole answer', cause: 'recording' }
}

function reasonOf(whyNot: WhyNot, pairs: PairSource): Difference {
  if (whyNot.cause === 'user') {
    const set = { key: 'subject', value: 'prefer' } as const
    return { field: 'user', recorded: 'other users', asked: 'this user', cause: 'user', set }
  }
  const order = { field: 'order', cause: 'order', set: { key: 'sequence', value: 'last' } } as const
  if ('times' in whyNot) {
    const recorded = whyNot.times === 1 ? 'asked once' : `asked ${whyNot.times} times`
    return { ...order, recorded, asked: 'once more' }
  }
  const write = pairs.pair(whyNot.waitsFor)?.request
  const named = write === undefined ? '' : ` ${write.method} ${maskedTarget(write.target)}`
  return { ...order, recorded: `after${named} (pair ${whyNot.waitsFor})`, asked: 'before it' }
}
