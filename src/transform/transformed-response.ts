import type { HttpRequest } from '../core/exchange.ts'
import type { Jwt } from '../core/jwt.ts'
import { isAnswered, type AnsweredPair, type PairId, type PairSource } from '../core/pair.ts'
import type { Sliced } from '../core/sliced.ts'
import type { EpochMs } from '../core/time.ts'
import type { Learner } from './steps/step.ts'
import type { StepTrace } from './chain-report.ts'
import type { Changes, Moment } from './message/live.ts'
import { requestMessage, type RequestMessage } from './message/request-message.ts'
import type { MessageResponse, ServedResponse } from './message/response-message.ts'
import type { ClientVariables, Variables } from './values/variables.ts'
import type { WorkedPair } from './worked-pairs.ts'

/** What a pair serves that some step changed. */
export interface TransformedResponse {
  readonly served: ServedResponse
  /** How often it is another one; where the requests for it teach something as well, it is never the same. */
  readonly changes: Changes
  readonly trace: readonly StepTrace[]
  /** The recorded tokens that are re-signed in it. */
  readonly resigned: readonly Jwt[]
}

/** @param nonces learners of live nonces, by the pair whose answer they belong to */
export function* transformedResponses(
  worked: readonly WorkedPair[],
  nonces: ReadonlyMap<PairId, Learner>,
  pairs: PairSource,
  variables: ClientVariables,
): Sliced<Map<PairId, TransformedResponse>> {
  const responses = new Map<PairId, TransformedResponse>()
  for (const work of worked) {
    const { id } = work.message.pair
    const response = transformedResponse(work, nonces.get(id), variables)
    if (response !== undefined) responses.set(id, response)
    yield
  }
  for (const [id, learner] of nonces) {
    const pair = responses.has(id) ? undefined : pairs.pair(id)
    if (pair === undefined || !isAnswered(pair)) continue
    const served = servedBy(recordedResponse(pair), [learner], variables)
    responses.set(id, { served, changes: 'request', trace: [], resigned: [] })
    yield
  }
  return responses
}

/** What a pair serves once every chain ran over it; undefined where it serves what was recorded. */
export function transformedResponse(
  { message, trace, learners, tokens }: WorkedPair,
  nonce: Learner | undefined,
  variables: ClientVariables,
): TransformedResponse | undefined {
  const all = nonce === undefined ? learners : [...learners, nonce]
  if (!message.touched && all.length === 0) return undefined
  // A token learns on the way that another step changed it; those that hash it must know before.
  if (tokens.length > 1) message.served()
  const response = message.touched ? message.served() : recordedResponse(message.pair)
  const resigned = tokens.map(({ recorded }) => recorded)
  const changes = all.length > 0 ? 'request' : response.changes
  return { served: servedBy(response, all, variables), changes, trace, resigned }
}

function recordedResponse({ response }: AnsweredPair): MessageResponse {
  const given = { ...response, memo: {} }
  return { changes: 'once', at: () => given, atHand: () => given }
}

function servedBy(
  response: MessageResponse,
  learners: readonly Learner[],
  variables: ClientVariables,
): ServedResponse {
  return (nowMs, request, client) => {
    // A busy login is answered from here.
    const ready = learners.length === 0 ? response.atHand(nowMs) : undefined
    if (ready !== undefined) return ready
    const moment = momentOf(nowMs, request, variables(client))
    for (const learn of learners) learn(moment)
    return response.at(moment)
  }
}

/** Most answers never look at the request: it is opened when one does. */
function momentOf(nowMs: EpochMs, request: HttpRequest, variables: Variables): Moment {
  let opened: RequestMessage | undefined
  return {
    nowMs,
    variables,
    get request() {
      return (opened ??= requestMessage(request))
    },
  }
}
