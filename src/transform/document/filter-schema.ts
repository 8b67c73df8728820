import { z } from 'zod'
import type { FilterDefinition, StatusMatch } from './definition.ts'

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

const HOST_GLOB = z
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

/** `filters` in reseal's own spelling. */
export const FILTERS = z
  .strictObject({
    method: oneOrMany(METHOD).default([]).describe('Methods.'),
    path: oneOrMany(PATH_GLOB)
      .default([])
      .describe('Paths without query; * is anything within a segment, ** any segments.'),
    host: oneOrMany(HOST_GLOB).default([]).describe('Hosts, with a port where only that one is meant.'),
    status: oneOrMany(STATUS).default([]).describe('Status codes, or classes such as 2xx.'),
  })
  .describe('Which recorded pairs the chain is for. Everything given must agree; a list agrees by any entry.')

/** One item or a list of them, as a list. */
export function oneOrMany<S extends z.ZodType>(item: S) {
  return z.union([item.transform((one) => [one]), z.array(item)])
}

function statusMatch(status: number | string): StatusMatch {
  const digit = ([1, 2, 3, 4, 5] as const).find((first) => status === `${first}xx`)
  return digit === undefined ? Number(status) : `${digit}xx`
}
