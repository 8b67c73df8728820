import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import { JSON_HEADERS, jsonAnswer } from './http-answer.ts'

/**
 * The error codes of OAuth and OpenID Connect, and the status of each (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1;
 * RFC 8628 §3.5; RFC 8707 §2; OpenID Connect Core §3.1.2.6).
 */
export const OAUTH_ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  access_denied: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  login_required: 400,
  invalid_request_uri: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
} as const

export type OAuthErrorCode = keyof typeof OAUTH_ERRORS

/** Why a request is not granted. A value, not an exception: being refused is an ordinary outcome here. */
export interface Refusal {
  readonly refused: OAuthErrorCode
  /** One sentence in the characters of RFC 6749 §5.2, never with anything of the request in it. */
  readonly description: string
}

export function refusal(refused: OAuthErrorCode, description: string): Refusal {
  return { refused, description }
}

export function isRefusal(outcome: unknown): outcome is Refusal {
  return typeof outcome === 'object' && outcome !== null && 'refused' in outcome
}

/** The members of an error answer (RFC 6749 §5.2). */
export function refusalMembers({ refused, description }: Refusal): Record<string, string> {
  return { error: refused, error_description: description }
}

/** The error answer of an endpoint, with a challenge where HTTP demands one (RFC 9110 §11.6.1). */
export function refusalAnswer(refused: Refusal): HttpResponse {
  return jsonAnswer(
    OAUTH_ERRORS[refused.refused],
    refusalMembers(refused),
    refused.refused === 'invalid_client' ? CLIENT_CHALLENGE : JSON_HEADERS,
  )
}

/** The error answer of a resource that takes bearer tokens; without a refusal, that of a request without any (RFC 6750 §3). */
export function bearerAnswer(refused?: Refusal): HttpResponse {
  if (refused === undefined) {
    return jsonAnswer(
      401,
      { error: 'invalid_token', error_description: 'The request has no bearer token.' },
      NO_TOKEN,
    )
  }
  const parameters = Object.entries(refusalMembers(refused)).map(([name, value]) => `, ${name}="${value}"`)
  return jsonAnswer(OAUTH_ERRORS[refused.refused], refusalMembers(refused), [
    ...JSON_HEADERS,
    ['WWW-Authenticate', `Bearer realm="reseal"${parameters.join('')}`],
  ])
}

const CLIENT_CHALLENGE: RawHeaders = [
  ...JSON_HEADERS,
  ['WWW-Authenticate', 'Basic realm="reseal", charset="UTF-8"'],
]
const NO_TOKEN: RawHeaders = [...JSON_HEADERS, ['WWW-Authenticate', 'Bearer realm="reseal"']]
