import { hash } from 'node:crypto'
import { binaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { holdsPlaceholder, placeholder } from '../core/placeholder.ts'
import { ANY_NUMBER, placeholdersAsClasses } from './placeholder-classes.ts'
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
  /** Says that there are redacted requests, where they are known without being looked at. */
  expectRedacted(): void
  /** 24 bits that stand for the rules, as `AskedFacts` has them. */
  readonly redaction: number
  /** What else to look for when a request as it came finds nothing; undefined when there is nothing else. */
  asked(request: HttpRequest): HttpRequest | undefined
}

/** Nothing is redacted, and every request is compared by what it says. */
export const NO_CLASSES: SecretClasses = {
  recorded: (request) => request,
  expectRedacted: () => undefined,
  redaction: 0,
  asked: () => undefined,
}

/** The same rules run on what is asked as ran on what was recorded. */
export function secretClasses(rules: RedactRules): SecretClasses {
  if (rules.idle) return NO_CLASSES
  let anyRedacted = false
  return {
    recorded: (request) => {
      if (!isRedacted(request)) return request
      anyRedacted = true
      return rewriteRequest(placeholdersAsClasses(request), rules, CLASSES)
    },
    expectRedacted: () => void (anyRedacted = true),
    redaction: redactionOf(rules),
    asked: (request) => {
      const classed = anyRedacted ? rewriteRequest(request, rules, CLASSES) : request
      return classed === request ? undefined : classed
    },
  }
}

/** Tokens are compared by what they say, whoever signed them. */
const CLASSES: Substitutes = {
  value: (name) => placeholder(name, ANY_NUMBER),
  signature: () => undefined,
}

/**
 * 24 bits of a digest of all that rules look for in requests; never 0. Whether JWTs keep their signatures is not in it:
 * they are compared by what they say.
 */
export function redactionOf({ definition }: RedactRules): number {
  const looked = Object.entries({ ...definition, jwt: true }).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return hash('sha256', JSON.stringify(looked), 'buffer').readUIntLE(0, 3) || 1
}

function isRedacted({ target, headers, body }: HttpRequest): boolean {
  if (holdsPlaceholder(target) || headers.some(([, value]) => holdsPlaceholder(value))) return true
  return body.length > 0 && holdsPlaceholder(binaryText(decodeBody(headers, body)?.bytes ?? body))
}
