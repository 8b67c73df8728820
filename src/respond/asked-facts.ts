import { ASKED_FLAGS, type AskedFacts } from '../core/asked-columns.ts'
import { binaryText, bytesOfText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { isServable, type AskedPair } from '../core/pair.ts'
import { holdsPlaceholder } from '../core/placeholder.ts'
import { DEFAULT_RULES } from '../match/match-rules.ts'
import { oneRule, type RuleBook } from '../match/rule-book.ts'
import { QUESTION_VERSION, questionKey } from '../match/question-key.ts'
import { pathOf } from '../match/request-path.ts'
import { placeholdersAsClasses } from '../redact/placeholder-classes.ts'
import { signatureOf, type Signature } from '../match/signature.ts'
import { subjectOf, type Subject } from '../match/subject.ts'
import { isRefusal } from './recorded-answer.ts'

/** What a request asks by the rules that are for it and its backend. */
export function questionOf(request: HttpRequest, origin: string, book: RuleBook): Signature {
  return signatureOf(request, book.rulesFor(request.method, pathOf(request.target), origin))
}

/**
 * The key of what a recorded request asks.
 * @param compared gives a redacted request as it is compared
 */
export function askedKey(
  request: HttpRequest,
  origin: string,
  book: RuleBook,
  compared: (request: HttpRequest) => HttpRequest,
): Buffer {
  return bytesOfText(questionKey(questionOf(compared(request), origin, book)))
}

/**
 * What an index needs of a pair.
 * @param compared gives a redacted request as it is compared
 * @param redaction the rules by which it does so, where the facts are to be kept
 */
export function askedFacts(
  pair: AskedPair,
  book: RuleBook,
  compared: (request: HttpRequest) => HttpRequest,
  redaction = 0,
): AskedFacts {
  const { request, route, outcome } = pair
  const subject = subjectOf(request.headers)
  const flags =
    (isServable(pair) ? ASKED_FLAGS.servable : 0) |
    (isRefusal(pair) ? ASKED_FLAGS.refusal : 0) |
    (outcome === 'client aborted' ? ASKED_FLAGS.abandoned : 0) |
    (asksRedacted(request) ? ASKED_FLAGS.redacted : 0)
  return {
    key: askedKey(request, route.target, book, compared),
    subject: subject && subjectText(subject),
    flags,
    redaction: flags & ASKED_FLAGS.redacted ? redaction : 0,
  }
}

/** Header fields do not count by the rules that an index in a snapshot is made by. */
function asksRedacted({ target, headers, body }: HttpRequest): boolean {
  if (holdsPlaceholder(target)) return true
  return body.length > 0 && holdsPlaceholder(binaryText(decodeBody(headers, body)?.bytes ?? body))
}

/** A subject as one text, from which {@link subjectFrom} reads it. */
function subjectText({ exact, person, name }: Subject): string {
  return JSON.stringify([exact, person, name])
}

/** The subject of a text that {@link subjectText} made. */
export function subjectFrom(text: string): Subject {
  try {
    const parts: unknown = JSON.parse(text)
    const [exact, person, name]: readonly unknown[] = Array.isArray(parts) ? parts : []
    return { exact: String(exact), person: String(person), name: String(name) }
  } catch {
    // A snapshot may come from anywhere; whoever this is, it is nobody who asks.
    return { exact: text, person: text, name: text }
  }
}

/**
 * Makes the facts that are kept in a snapshot: by the rules of a document that says nothing of them, and of redacted
 * pairs as they are compared by the rules that redacted them.
 */
export function storedFacts(redaction: number): {
  readonly version: number
  of(pair: AskedPair): AskedFacts
} {
  return {
    version: QUESTION_VERSION,
    of: (pair) => askedFacts(pair, DEFAULT_BOOK, placeholdersAsClasses, redaction),
  }
}

const DEFAULT_BOOK = oneRule(DEFAULT_RULES)
