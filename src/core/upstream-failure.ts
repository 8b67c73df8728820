import type { ErrorAnswer } from './error-answer.ts'

interface Failure {
  readonly status: 502 | 504
  /** What the sentence says of the upstream's origin, with a space on both sides. */
  readonly says: string
  readonly subject: string
  readonly hint?: string
}

/** Why an upstream gave no answer, and what its client is told: 504 where time ran out, else 502 (RFC 9110 §15.6). */
const FAILURES = {
  late: { status: 504, subject: 'The upstream', says: ' did not answer in time: ' },
  untrusted: {
    status: 502,
    subject: 'The certificate of the upstream',
    says: ' is not trusted: ',
    hint: 'Use --insecure-upstream if you trust it.',
  },
  nonsense: { status: 502, subject: 'The upstream', says: ' gave an answer that is not valid HTTP: ' },
  unreachable: {
    status: 502,
    subject: 'The upstream',
    says: ' could not be reached: ',
    hint: 'Check the address given as target, and that the upstream runs.',
  },
} as const satisfies Readonly<Record<string, Failure>>

export type FailureKind = keyof typeof FAILURES

/** The answer in the place of one that an upstream did not give. */
export function failureAnswer(kind: FailureKind, origin: string, why: string): ErrorAnswer {
  const { subject, says } = FAILURES[kind]
  return answerSaying(FAILURES[kind], `${subject} ${origin}${says}${why}`)
}

/** The same answer again, from the message of it that was recorded. */
export function recordedFailure(message: string): ErrorAnswer {
  const failures: readonly Failure[] = Object.values(FAILURES)
  return answerSaying(failures.find(({ says }) => message.includes(says)) ?? FAILURES.unreachable, message)
}

function answerSaying({ status, hint }: Failure, message: string): ErrorAnswer {
  return { status, code: 'UPSTREAM_UNREACHABLE', message, hint }
}

/** How a connection ended in the middle of an answer: with a reset, or closed as if that were all. */
export type Cut = 'reset' | 'close'

const CLOSED = 'it closed the connection'

/** What is recorded of an answer that was broken off. */
export function brokenOffMessage(cut: Cut, why: string): string {
  return `The upstream broke off its answer: ${cut === 'close' ? CLOSED : why}`
}

/** How an answer was broken off, from what was recorded of it. */
export function recordedCut(message: string | undefined): Cut {
  return message?.endsWith(CLOSED) === true ? 'close' : 'reset'
}
