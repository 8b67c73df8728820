import { z } from 'zod'
import { JSON_PATH_QUERY } from '../json-path/json-path-schema.ts'
import { TAG_NAME } from '../../core/tags.ts'
import { patternProblem } from '../values/pattern.ts'

/** A status code, or a class of them (RFC 9110 §15). */
type StatusMatch = number | `${1 | 2 | 3 | 4 | 5}xx`

/** The filter that every pair passes. */
export const EVERY_PAIR: FilterDefinition = { method: [], path: [], host: [], status: [] }

/** A method; capitals, whatever the user wrote, since a filter for a method `post` could only be a slip. */
export const METHOD = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a method')
  .transform((method) => method.toUpperCase())
  .meta({ examples: ['POST'] })

const PATH_GLOB = z
  .string()
  .regex(/^[/*]/, 'must begin with / or *')
  .refine((path) => !/[^/]\*\*|\*\*[^/]/.test(path), { error: 'must have ** as a segment of its own' })
  .meta({ examples: ['/oauth/token', '/api/**'] })

/** A host, perhaps with wildcards. */
export const HOST_GLOB = z
  .string()
  .regex(/^[^/\s]+$/, 'must be a host, without scheme or path')
  .transform((host) => host.toLowerCase())
  .meta({ examples: ['auth.example.com', '*.example.com', 'localhost:8080'] })

/** A status code or a class of them. */
export const STATUS = z
  .union([
    z.int('must be a whole number').min(100, 'must be 100 or more').max(599, 'must be 599 or less'),
    z.string().regex(/^[1-5](?:xx|\d\d)$/, 'is neither a status code nor a class of them'),
  ])
  .transform(statusMatch)
  .meta({ examples: [200, '2xx'] })

const PATTERN = z
  .strictObject({
    regex: z
      .string()
      .superRefine(refuseNoPattern)
      .describe('A regular expression (RE2), found anywhere in the value.')
      .meta({ examples: ['^Bearer '] }),
  })
  .describe('A regular expression.')

const TEXT_MATCH = z
  .union([z.boolean(), z.string(), PATTERN])
  .describe('A glob over the value, {regex: …}, or true or false for whether there is one.')
  .meta({ examples: ['application/json*', true, { regex: '^v[12]$' }] })

const JSON_MATCH = z
  .union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    PATTERN,
    z.strictObject({ exists: z.boolean().describe('Whether the path selects anything.') }),
  ])
  .describe('The value, text as a glob; {regex: …}; or {exists: true}.')
  .meta({ examples: ['client_credentials', 3, { exists: true }] })

function textMatches(what: string, examples: readonly unknown[]) {
  return z
    .exactOptional(
      z.record(z.string().min(1, 'must not be empty'), z.union([TEXT_MATCH, z.array(TEXT_MATCH)])),
    )
    .describe(what)
    .meta({ examples: [...examples] })
}

function tagMatches() {
  const name = z.string().regex(TAG_NAME, 'is not the name of a tag')
  return z
    .exactOptional(z.record(name, z.union([TEXT_MATCH, z.array(TEXT_MATCH)])))
    .describe('What the recording says of the pair, by name: record --tag team=pay.')
    .meta({ examples: [{ team: 'pay' }] })
}

function jsonMatches(what: string) {
  return z
    .exactOptional(z.record(JSON_PATH_QUERY, z.union([JSON_MATCH, z.array(JSON_MATCH)])))
    .describe(what)
    .meta({ examples: [{ '$.grant_type': 'password' }] })
}

const REQUEST_FILTERS = {
  method: oneOrMany(METHOD).default([]).describe('Methods.'),
  path: oneOrMany(PATH_GLOB)
    .default([])
    .describe('Paths without query; * is anything within a segment, ** any segments, {name} one segment.'),
  header: textMatches('Header fields of the request, by name.', [{ 'X-Tenant': 'acme' }]),
  query: textMatches('Query parameters, by name.', [{ prompt: 'none' }]),
  form: textMatches('Fields of a form in the request, by name.', [{ grant_type: 'refresh_token' }]),
  json: jsonMatches('Values of a JSON document in the request, by path.'),
}

const ORDINAL = z
  .union([
    z.int('must be a whole number').min(1, 'must be 1 or more'),
    z.string().regex(/^\d{1,9}-\d{0,9}$/, 'is neither a number nor a range such as 3-10 or 3-'),
  ])
  .transform(ordinalRange)
  .meta({ examples: [3, '3-10', '3-'] })

const PAIR_FILTERS = {
  ...REQUEST_FILTERS,
  host: oneOrMany(HOST_GLOB).default([]).describe('Hosts, with a port where only that one is meant.'),
  status: oneOrMany(STATUS).default([]).describe('Status codes, or classes such as 2xx.'),
  res_header: textMatches('Header fields of the response, by name.', [
    { 'Content-Type': 'application/json*' },
  ]),
  res_json: jsonMatches('Values of a JSON document in the response, by path.'),
  ordinal: z
    .exactOptional(oneOrMany(ORDINAL))
    .describe('Numbers of pairs in the snapshot, or ranges of them; to hand a change to one recording.'),
  tag: tagMatches(),
  direction: z
    .exactOptional(z.enum(['in', 'out']))
    .describe(
      'Which way requests went: in to the service under test (recorded with --tag direction=in), or out of it.',
    )
    .meta({ examples: ['out'] }),
}

const NO_PAIR = combined(z.strictObject(PAIR_FILTERS), 'None of these may agree.')

/** `filters` in reseal's own spelling. */
export const FILTERS = z
  .strictObject({
    ...PAIR_FILTERS,
    not: NO_PAIR,
    any: combined(z.strictObject({ ...PAIR_FILTERS, not: NO_PAIR }), 'One of these must agree.'),
  })
  .describe('Which recorded pairs the chain is for. Everything given must agree; a list agrees by any entry.')

/**
 * Which pairs a chain is for: all lists must agree, each by any of its entries; an empty list agrees with everything.
 * In globs, `*` stands for any run of characters (in a path, within one segment) and `?` for one; `**` as a whole
 * segment of a path stands for any number of segments.
 */
export type FilterDefinition = z.output<typeof FILTERS>

const NO_REQUEST = combined(z.strictObject(REQUEST_FILTERS), 'None of these may agree.')

/** `when`: what the live request must be. */
export const WHEN = z
  .strictObject({
    ...REQUEST_FILTERS,
    not: NO_REQUEST,
    any: combined(z.strictObject({ ...REQUEST_FILTERS, not: NO_REQUEST }), 'One of these must agree.'),
  })
  .describe('What the request that is answered must be for the chain to change its answer.')
  .meta({ examples: [{ header: { 'X-Tenant': 'acme' } }, { query: { prompt: 'none' } }] })

function combined<S extends z.ZodType>(filters: S, what: string) {
  return z
    .exactOptional(oneOrMany(filters))
    .describe(what)
    .meta({ examples: [{ path: '/health' }] })
}

/** One item or a list of them, as a list. */
export function oneOrMany<S extends z.ZodType>(item: S) {
  return z.union([item.transform((one) => [one]), z.array(item)])
}

function refuseNoPattern(source: string, context: z.core.$RefinementCtx): void {
  const problem = patternProblem(source)
  if (problem === undefined) return
  context.addIssue({ code: 'custom', message: problem.message, params: { hint: problem.hint } })
}

function ordinalRange(written: number | string): { readonly from: number; readonly to: number } {
  if (typeof written === 'number') return { from: written, to: written }
  const [from, to] = written.split('-')
  return { from: Number(from), to: to === '' ? Infinity : Number(to) }
}

function statusMatch(status: number | string): StatusMatch {
  const digit = ([1, 2, 3, 4, 5] as const).find((first) => status === `${first}xx`)
  return digit === undefined ? Number(status) : `${digit}xx`
}
