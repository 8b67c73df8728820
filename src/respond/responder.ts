import { missResponse } from './miss-report.ts'
import type { ReplayPlan } from './plan.ts'
import type { Answerer, OtherAnswerer } from './replay-answer.ts'

/**
 * Answers from a plan.
 * @param plan the one that serves now, asked for at each request
 * @param origin the backend this listener stands for; undefined for all of the snapshot
 * @param otherwise asked before a request counts as a miss
 */
export function createResponder(
  plan: () => Pick<ReplayPlan, 'answer' | 'missStatus' | 'compared'>,
  origin: string | undefined,
  otherwise: OtherAnswerer = () => undefined,
): Answerer {
  return (request) => {
    const { answer: answerOf, missStatus, compared: comparedSoFar } = plan()
    const answer = answerOf(request, origin)
    if (answer.kind !== 'miss') return answer
    const other = otherwise(request)
    if (other !== undefined) return other
    const near = answer.near()
    const compared = comparedSoFar()
    return { kind: 'miss', near, compared, response: missResponse(request, { near, compared }, missStatus) }
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
