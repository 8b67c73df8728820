import type { Handler, HttpRequest, HttpResponse } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import type { PairId } from '../core/pair.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { ReplayPlan } from './plan.ts'

/** Told of every request and what became of it. */
export interface ResponderEvents {
  hit(request: HttpRequest, pair: PairId): void
  miss(request: HttpRequest, near: readonly NearMiss[]): void
}

/**
 * The handler that answers from a plan.
 * @param origin the backend this listener stands for; undefined for all of the snapshot
 * @param otherwise asked before a request counts as a miss
 */
export function createResponder(
  plan: ReplayPlan,
  origin: string | undefined,
  events: ResponderEvents,
  otherwise: (request: HttpRequest) => ReturnType<Handler> | undefined = () => undefined,
): Handler {
  return (request) => {
    const answer = plan.answer(request, origin)
    if (answer.kind === 'hit') {
      events.hit(request, answer.pair)
      return answer.response
    }
    const other = otherwise(request)
    if (other !== undefined) return other
    events.miss(request, answer.near)
    return missResponse(request, answer.near)
  }
}

/** 404 with what was asked and what comes near it. */
function missResponse(request: HttpRequest, near: readonly NearMiss[]): HttpResponse {
  const report = {
    error: {
      code: 'NO_RECORDED_PAIR',
      message: `The snapshot has no answer to ${request.method} ${maskedTarget(request.target)}.`,
      hint: hintFor(near),
    },
    request: { method: request.method, target: maskedTarget(request.target) },
    nearest: near.map(({ pair, method, target, differs }) => ({ pair, method, target, differs })),
  }
  const body = Buffer.from(`${JSON.stringify(report, null, 2)}\n`)
  return {
    status: 404,
    reason: 'Not Found',
    httpVersion: '1.1',
    headers: [
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Content-Length', String(body.length)],
      ['X-Reseal-Miss', '1'],
    ],
    body,
    trailers: [],
  }
}

function hintFor(near: readonly NearMiss[]): string {
  const [first] = near
  if (first === undefined) return 'The snapshot holds no whole pair at all; record one first.'
  const fields = first.differs.map(({ field }) => field)
  const query = fields
    .filter((field) => field.startsWith('query '))
    .map((field) => field.slice('query '.length))
  const json = fields
    .filter((field) => field.startsWith('body $'))
    .map((field) => field.slice('body '.length))
  if (fields.length === query.length + json.length && fields.length > 0) {
    const ignore = [
      ...(query.length > 0 ? [`query: [${query.join(', ')}]`] : []),
      ...(json.length > 0 ? [`json: [${json.map((path) => JSON.stringify(path)).join(', ')}]`] : []),
    ]
    return `If the difference does not matter, add to the transform document: match: { ignore: { ${ignore.join(', ')} } }`
  }
  return `Pair ${first.pair} comes nearest; it differs in ${fields.join(', ')}.`
}
