import { binaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { holdsPlaceholder, placeholder } from '../core/placeholder.ts'
import { rewriteRequest } from './redactor.ts'
import type { RedactRules } from './rules.ts'
import type { Substitutes } from './substitutes.ts'

/**
 * Requests as they are compared where a recording has placeholders: every secret stands for its kind. A recorded
 * request that holds none is compared by what it says, so that an unredacted snapshot matches as it always did.
 */
export interface SecretClasses {
  /** A recorded request as it is indexed. */
  recorded(request: HttpRequest): HttpRequest
  /** What else to look for when a request as it came finds nothing; undefined when there is nothing else. */
  asked(request: HttpRequest): HttpRequest | undefined
}

/** Nothing is redacted, and every request is compared by what it says. */
export const NO_CLASSES: SecretClasses = { recorded: (request) => request, asked: () => undefined }

/** The same rules run on what is asked as ran on what was recorded. */
export function secretClasses(rules: RedactRules): SecretClasses {
  let anyRedacted = false
  return {
    recorded: (request) => {
      if (!isRedacted(request)) return request
      anyRedacted = true
      return rewriteRequest(request, rules, CLASSES)
    },
    asked: (request) => {
      const classed = anyRedacted ? rewriteRequest(request, rules, CLASSES) : request
      return classed === request ? undefined : classed
    },
  }
}

/** Tokens are compared by what they say, whoever signed them. */
const CLASSES: Substitutes = {
  value: (name) => placeholder(name, '0'),
  signature: () => undefined,
}

function isRedacted({ target, headers, body }: HttpRequest): boolean {
  if (holdsPlaceholder(target) || headers.some(([, value]) => holdsPlaceholder(value))) return true
  return body.length > 0 && holdsPlaceholder(binaryText(decodeBody(headers, body)?.bytes ?? body))
}
