import { z } from 'zod'
import { ResealError } from '../core/errors.ts'
import { ENDPOINTS } from '../issuer/endpoints/endpoints.ts'
import type { FaultDefinition } from '../issuer/faults.ts'
import { ANSWER_FAULT_FIELDS, FAULT_LIMIT_FIELDS } from '../transform/document/fault-schema.ts'
import { knownWord } from './known-word.ts'
import { schemaComplaint } from './schema-complaint.ts'

const MOST_KEYS = 20_000

const COMMON = {
  endpoint: knownWord({ ...ENDPOINTS, '*': true }).meta({
    description: 'Where it happens; `*` is everywhere.',
  }),
  ...FAULT_LIMIT_FIELDS,
}

/** A fault of an issuer as users write it in YAML, send it to the control API and give it to the library. */
export const FAULT_SCHEMA: z.ZodType<FaultDefinition> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('status'), ...ANSWER_FAULT_FIELDS.status, ...COMMON }),
  z.strictObject({ kind: z.literal('redirect'), ...ANSWER_FAULT_FIELDS.redirect, ...COMMON }),
  z.strictObject({ kind: z.literal('delay'), ...ANSWER_FAULT_FIELDS.delay, ...COMMON }),
  z.strictObject({ kind: z.literal('reset'), ...ANSWER_FAULT_FIELDS.reset, ...COMMON }),
  z.strictObject({ kind: z.literal('stall'), ...ANSWER_FAULT_FIELDS.stall, ...COMMON }),
  z.strictObject({ kind: z.literal('rate'), ...ANSWER_FAULT_FIELDS.rate, ...COMMON }),
  z.strictObject({ kind: z.literal('truncate'), ...ANSWER_FAULT_FIELDS.truncate, ...COMMON }),
  z.strictObject({ kind: z.literal('malformed'), ...COMMON }),
  z.strictObject({ kind: z.literal('contentType'), ...ANSWER_FAULT_FIELDS.contentType, ...COMMON }),
  z.strictObject({ kind: z.literal('emptyJwks'), ...COMMON }),
  z.strictObject({ kind: z.literal('staleJwks'), ...COMMON }),
  z.strictObject({
    kind: z.literal('hugeJwks'),
    keys: z.int().min(1).max(MOST_KEYS).optional(),
    ...COMMON,
  }),
  z.strictObject({
    kind: z.literal('unknownKid'),
    seconds: z
      .number()
      .min(0)
      .max(365 * 86_400),
    ...COMMON,
  }),
])

/**
 * A fault from what a file or a caller gave.
 * @throws ResealError CONFIG_INVALID
 */
export function parseFault(value: unknown): FaultDefinition {
  const parsed = FAULT_SCHEMA.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ResealError('CONFIG_INVALID', schemaComplaint('The fault', parsed.error), {
    hint: 'For example: { "endpoint": "jwks", "kind": "status", "status": 503, "times": 3 }.',
  })
}
