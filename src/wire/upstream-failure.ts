import type { ErrorAnswer } from '../core/error-answer.ts'
import { errorMessage, systemErrorCode } from '../core/errors.ts'
import { failureAnswer, type FailureKind } from '../core/upstream-failure.ts'
import type { Target } from './target.ts'

/** What TLS says of certificates that nobody vouches for. */
const CERTIFICATE_ERRORS: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** What the client is told when the upstream gave no answer. */
export function upstreamFailure(error: unknown, { origin }: Target): ErrorAnswer {
  const why = errorMessage(error)
  const kind = failureKind(systemErrorCode(error) ?? '')
  return failureAnswer(kind, origin, kind === 'untrusted' ? withoutNodeAdvice(why) : why)
}

function failureKind(code: string): FailureKind {
  if (code === 'ETIMEDOUT') return 'late'
  if (CERTIFICATE_ERRORS.has(code)) return 'untrusted'
  return /^(?:HPE_|ERR_INVALID|ERR_HTTP)/.test(code) ? 'nonsense' : 'unreachable'
}

/** Node adds what to call it with, which is no use to who runs reseal. */
function withoutNodeAdvice(message: string): string {
  return message.replace(/; if the root CA is installed locally.*$/s, '')
}

/** The error of an upstream that took too long. */
export function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' })
}

/** The error of an upstream that gives up a stream (RFC 9113 §6.4). */
export function resetError(rstCode: number): Error {
  return Object.assign(new Error(`it reset the stream with code ${rstCode}`), { code: 'ERR_HTTP2_RESET' })
}

/** The error of an upstream whose head is too large for us. */
export function headError(maxBytes: number): Error {
  return Object.assign(new Error(`its head has more than ${maxBytes} bytes`), { code: 'ERR_HTTP2_HEAD' })
}

/** The error of an upstream that switches to another protocol, which nobody asked it for (RFC 9110 §15.2.2). */
export function unsolicitedSwitch(): Error {
  return Object.assign(new Error('it switched protocols unasked'), { code: 'ERR_HTTP_SWITCHED' })
}
