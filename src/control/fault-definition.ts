import { z } from 'zod'
import { ResealError } from '../core/errors.ts'
import { ENDPOINTS } from '../issuer/endpoints/endpoints.ts'
import type { FaultDefinition } from '../issuer/faults.ts'
import { knownWord } from './known-word.ts'
import { schemaComplaint } from './schema-complaint.ts'

const HOUR_MS = 3_600_000
const MOST_BYTES = 1024 * 1024 * 1024
const MOST_KEYS = 20_000
/** What may stand in a header field: printable ASCII, so that it cannot end the field (RFC 9110 §5.5). */
const FIELD_VALUE = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII, without space around it')
  .max(8192)

const COMMON = {
  endpoint: knownWord({ ...ENDPOINTS, '*': true }).meta({
    description: 'Where it happens; `*` is everywhere.',
  }),
  times: z.int().min(1).optional().meta({ description: 'How many times in all; default: every time.' }),
  probability: z.number().min(0).max(1).optional().meta({ description: 'Of each request; default 1.' }),
  seed: z
    .int()
    .optional()
    .meta({ description: 'Faults of one seed and probability happen in the same order; default 1.' }),
}
const AFTER_BYTES = z
  .int()
  .min(0)
  .max(MOST_BYTES)
  .optional()
  .meta({ description: 'Content bytes that still come; default 0: nothing, not even the head.' })

/** A fault as users write it in YAML, send it to the control API and give it to the library. */
export const FAULT_SCHEMA: z.ZodType<FaultDefinition> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    retryAfterSeconds: z.int().min(0).optional(),
    ...COMMON,
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    location: FIELD_VALUE,
    status: z.int().min(300).max(399).optional(),
    ...COMMON,
  }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.number().min(0).max(HOUR_MS), ...COMMON }),
  z.strictObject({ kind: z.literal('reset'), afterBytes: AFTER_BYTES, ...COMMON }),
  z.strictObject({ kind: z.literal('stall'), afterBytes: AFTER_BYTES, ...COMMON }),
  z.strictObject({
    kind: z.literal('slow'),
    bytesPerSecond: z.number().min(0.001).max(MOST_BYTES),
    ...COMMON,
  }),
  z.strictObject({
    kind: z.literal('truncated'),
    bytes: z.int().min(0).max(MOST_BYTES).optional().meta({ description: 'Default: half of it.' }),
    ...COMMON,
  }),
  z.strictObject({ kind: z.literal('malformed'), ...COMMON }),
  z.strictObject({ kind: z.literal('contentType'), contentType: FIELD_VALUE, ...COMMON }),
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
