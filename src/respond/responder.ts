import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import { maskedTarget } from '../core/masking.ts'
import type { NearMiss } from '../match/near-miss.ts'
import type { ReplayPlan } from './plan.ts'
import type { Answerer, OtherAnswerer } from './replay-answer.ts'

/**
 * Answers from a plan.
 * @param plan the one that serves now, asked for at each request
 * @param origin the backend this listener stands for; undefined for all of the snapshot
 * @param otherwise asked before a request counts as a miss
 */
export function createResponder(
  plan: () => Pick<ReplayPlan, 'answer'>,
  origin: string | undefined,
  otherwise: OtherAnswerer = () => undefined,
): Answerer {
  return (request) => {
    const answer = plan().answer(request, origin)
    if (answer.kind === 'hit') return answer
    const { near } = answer
    return otherwise(request) ?? { kind: 'miss', near, response: missResponse(request, near) }
  }
}

/**
 * What a request gets instead of the 100 that it waits for before it sends its content; undefined when it is to send.
 * @param plan the one that serves now, asked for at each request
 * @param origin the backend this listener stands for; undefined for all of the snapshot
 */
export function createRefuser(
  plan: () => Pick<ReplayPlan, 'refusal'>,
  origin: string | undefined,
): OtherAnswerer {
  return (request) => plan().refusal(request, origin)
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
