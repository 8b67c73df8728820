import type { FidelityCase } from './fidelity-case.ts'
import type { CaseResult } from './run-cases.ts'

/** What does not agree; undefined when all does. */
export interface Verdict {
  readonly recorded: string | undefined
  readonly replayed: string | undefined
}

/** Compares a case's three runs: the recorder with the direct exchange, and the replay with what its client got. */
function verdict(
  { differs = { why: '' } }: FidelityCase,
  { direct, recorded, replayed }: CaseResult,
): Verdict {
  const { request = same, response = same } = differs
  const requests = direct.requests.map((one) => request(one)).filter((one) => one !== '')
  const wanted =
    typeof response === 'number'
      ? { answers: [ownAnswer(recorded.client.answers, response)], ending: 'whole' }
      : { ...direct.client, answers: direct.client.answers.map((one) => response(one)) }
  // A case that cannot work at all would agree with itself.
  if (!['whole', 'reset', 'closed', 'the client left'].includes(direct.client.ending)) {
    return { recorded: `directly, ${direct.client.ending}`, replayed: undefined }
  }
  return {
    recorded:
      difference('the answer', wanted, recorded.client) ??
      difference('the request', requests, recorded.requests),
    replayed: difference('the answer', recorded.client, replayed.client),
  }
}

const same = (text: string): string => text

/** Reseal's own answer is as it is, but has to have the status. */
function ownAnswer([answer = '']: readonly string[], status: number): string {
  return answer.startsWith(`HTTP/1.1 ${status} `) ? answer : `HTTP/1.1 ${status} …`
}

function difference(what: string, wanted: unknown, got: unknown): string | undefined {
  const [before, after] = [JSON.stringify(wanted), JSON.stringify(got)]
  if (before === after) return undefined
  let at = 0
  while (before[at] === after[at]) at += 1
  const excerpt = (text: string): string => text.slice(Math.max(0, at - 120), at + 120)
  return `${what} differs: wanted …${excerpt(before)}… got …${excerpt(after)}…`
}

/** The verdict on every case, by its id. */
export function verdictsOf(
  cases: readonly FidelityCase[],
  results: ReadonlyMap<string, CaseResult>,
): ReadonlyMap<string, Verdict> {
  return new Map(
    cases.map((one) => {
      const result = results.get(one.id)
      const notRun = { recorded: 'it did not run', replayed: 'it did not run' }
      return [one.id, result === undefined ? notRun : verdict(one, result)]
    }),
  )
}
