import type { RRPair } from '../../src/core/pair.ts'
import { REDACT_ALL, type RedactDefinition } from '../../src/redact/definition.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { aPair, type PairFields } from '../support/a-pair.ts'

/** A pair as a recorder stores it by default, and as these parts of the definition have it. */
export function redacted(fields: PairFields, definition: Partial<RedactDefinition> = {}): RRPair {
  return createRedactor(compileRules({ ...REDACT_ALL, ...definition }))(aPair(fields))
}

/** The text of a body. */
export function bodyOf(message: { readonly body: Uint8Array } | undefined): string {
  return Buffer.from(message?.body ?? '').toString('latin1')
}

/** What becomes of a request body of this type. */
export function redactedBody(
  contentType: string,
  body: string,
  definition: Partial<RedactDefinition> = {},
): string {
  const headers = [['Content-Type', contentType]] as const
  return bodyOf(redacted({ request: { headers, body } }, definition).request)
}

/** What becomes of the value of a request's header field. */
export function redactedField(
  name: string,
  value: string,
  definition: Partial<RedactDefinition> = {},
): string {
  return redacted({ request: { headers: [[name, value]] } }, definition).request.headers[0]?.[1] ?? ''
}
