import type { HttpRequest } from '../core/exchange.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'

/** How many requests are remembered; then all are forgotten, so that keeping order costs nothing. */
const MOST_KNOWN = 4096
/** Longer ones are not remembered: together they would be much memory. */
const LONGEST = 512

/** Finds the first entry that asks what a request asks of a backend; -1 for none. */
export type FindQuestion = (request: HttpRequest, origin: string | undefined) => number

/**
 * Remembers where requests without content were found, so that one that comes again costs neither a signature nor a
 * digest. Only for rules by which nothing else of such a request counts than method, authority and target.
 * @param find the slow way; what it does not find is asked for again
 */
export function knownQuestions(find: FindQuestion): FindQuestion {
  const known = new Map<string | undefined, Map<string, number>>()
  return (request, origin) => {
    const { method, authority, target, body } = request
    const short = target.length + authority.length <= LONGEST
    if (body.length > 0 || !short || asksForWebSocket(request)) return find(request, origin)
    const here = known.get(origin) ?? new Map<string, number>()
    // Lengths keep an authority with a space in it from being another target.
    const name = `${authority.length} ${method} ${authority} ${target}`
    const entry = here.get(name)
    if (entry !== undefined) return entry
    const found = find(request, origin)
    if (found === -1) return found
    if (here.size >= MOST_KNOWN) here.clear()
    known.set(origin, here.set(name, found))
    return found
  }
}
