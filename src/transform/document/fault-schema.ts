import { z } from 'zod'
import type { AnswerFaultKind } from '../../core/fault.ts'
import { oneOrMany, HOST_GLOB, STATUS, WHEN } from './filter-schema.ts'

const HOUR_MS = 3_600_000
const MOST_BYTES = 1024 * 1024 * 1024
const MOST_TIMES = 1_000_000_000
/** What may stand in a header field: printable ASCII, so that it cannot end the field (RFC 9110 §5.5). */
const FIELD_VALUE = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be printable ASCII, without space around it')
  .max(8192, 'must have at most 8192 characters')
const FIELD_NAME = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header field')
  .refine((name) => !/^(?:content-length|transfer-encoding|connection|trailer|upgrade)$/i.test(name), {
    error: 'is not for a fault to say',
  })

const AFTER_BYTES = whole(0, MOST_BYTES)
  .optional()
  .describe('Content bytes that still come; default 0: nothing, not even the head.')
const MS = amount(0, HOUR_MS)
const DELAY = z
  .union([
    MS,
    z.strictObject({ min: MS, max: MS }).refine(({ min, max }) => min <= max, {
      error: 'must have a min that is not above its max',
    }),
    z.strictObject({ mean: MS, deviation: MS }),
  ])
  .describe('Milliseconds before the head: fixed, evenly between min and max, or around a mean.')
  .meta({ examples: [250, { min: 100, max: 400 }, { mean: 200, deviation: 50 }] })

/** The options of each kind of fault that any answer may have, as fields of a schema. */
export const ANSWER_FAULT_FIELDS = {
  status: {
    status: whole(200, 599).describe('Answers so, and nobody is asked.'),
    retryAfterSeconds: whole(0, MOST_TIMES).optional(),
    headers: z.record(FIELD_NAME, FIELD_VALUE).optional().describe('Header fields beside the usual ones.'),
    body: z
      .string()
      .max(1024 * 1024, 'must have at most 1048576 characters')
      .optional()
      .describe('Content; default a sentence in JSON.'),
  },
  redirect: { location: FIELD_VALUE, status: whole(300, 399).optional() },
  delay: { delayMs: DELAY },
  reset: { afterBytes: AFTER_BYTES },
  stall: { afterBytes: AFTER_BYTES },
  rate: { bytesPerSecond: amount(0.001, MOST_BYTES) },
  truncate: { bytes: whole(0, MOST_BYTES).optional().describe('Default: half of it.') },
  malformed: {},
  contentType: { contentType: FIELD_VALUE },
} as const satisfies Readonly<Record<AnswerFaultKind, z.core.$ZodShape>>

/** How often a fault happens, as fields of a schema. */
export const FAULT_LIMIT_FIELDS = {
  times: whole(1, MOST_TIMES).optional().describe('How many times in all; default: every time.'),
  after: whole(0, MOST_TIMES).optional().describe('Not at the first so many requests; default 0.'),
  every: whole(1, MOST_TIMES).optional().describe('At the first of each so many requests; default 1.'),
  probability: amount(0, 1).optional().describe('Of each request; default 1.'),
  seed: z
    .int('must be a whole number')
    .optional()
    .describe('Faults of one seed and probability happen in the same order; default 1.'),
}

/** Which requests a fault is for, and with which answers. */
const FAULT_FILTERS = WHEN.extend({
  host: oneOrMany(HOST_GLOB)
    .default([])
    .describe('Hosts, of the backend or as the client calls it, with a port where only that one is meant.'),
  status: oneOrMany(STATUS).default([]).describe('Status codes of the answer, or classes such as 2xx.'),
})
  .describe('Which requests the fault is for. Everything given must agree; a list agrees by any entry.')
  .meta({ examples: [{ method: 'POST', path: '/oauth/token' }] })

/** `filters` of a fault. */
export type FaultFilterDefinition = z.output<typeof FAULT_FILTERS>

const COMMON = { filters: FAULT_FILTERS.optional(), ...FAULT_LIMIT_FIELDS }

/** A fault of a replay, in YAML and as the control API and the library take it. */
export const REPLAY_FAULT = z
  .discriminatedUnion('kind', [
    branch('status'),
    branch('redirect'),
    branch('delay'),
    branch('reset'),
    branch('stall'),
    branch('rate'),
    branch('truncate'),
    branch('malformed'),
    branch('contentType'),
  ])
  .describe('What goes wrong with answers on purpose, where, and how often.')
  .meta({
    examples: [{ filters: { path: '/oauth/token' }, kind: 'status', status: 503, times: 2 }],
  })

/** A fault of a replay as a user writes it. */
export type ReplayFault = z.input<typeof REPLAY_FAULT>

/** A fault of a replay as it is set. */
export type ReplayFaultDefinition = z.output<typeof REPLAY_FAULT>

function branch<K extends AnswerFaultKind>(kind: K) {
  return z.strictObject({ kind: z.literal(kind), ...ANSWER_FAULT_FIELDS[kind], ...COMMON })
}

function whole(min: number, max: number) {
  return z.int('must be a whole number').min(min, `must be ${min} or more`).max(max, `must be ${max} or less`)
}

function amount(min: number, max: number) {
  return z.number().min(min, `must be ${min} or more`).max(max, `must be ${max} or less`)
}
