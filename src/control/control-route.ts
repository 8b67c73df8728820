import type { z } from 'zod'
import type { RawHeaders } from '../core/headers.ts'
import type { ControlAnswer, Refusal } from './control-answer.ts'
import type { QueryParameter } from './query-parameter.ts'
import { schemaComplaint } from './schema-complaint.ts'

export type ControlMethod = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** A schema and the name it has in the OpenAPI document. */
export interface NamedSchema<T = unknown> {
  readonly name: string
  readonly schema: z.ZodType<T>
}

/** One operation of the API: how it is asked, what it answers, and what runs. */
export interface ControlRoute {
  readonly method: ControlMethod
  /** Segments in braces are ids, percent-encoded on the wire: `/v1/issuers/{issuer}`. */
  readonly path: string
  /** `operationId` of the OpenAPI document. */
  readonly operation: string
  /** One sentence: what it does. */
  readonly summary: string
  /** The parameters that may stand in its query; left out, it takes none. */
  readonly query?: readonly QueryParameter[]
  readonly content?: { readonly named: NamedSchema; readonly required: boolean } | undefined
  readonly answers: Readonly<Record<number, RouteAnswer>>
  readonly answer: (asked: Asked) => Answered | Promise<Answered>
}

/** A request as an operation sees it. */
export interface Asked {
  readonly ids: RouteIds
  /** The value of a query parameter: as sent, or its default. */
  readonly query: (name: string) => number
  readonly headers: RawHeaders
  /** As parsed from JSON; undefined where there is none. */
  readonly content: unknown
}

/** What one status means. */
export interface RouteAnswer {
  readonly description: string
  /** Absent where there is no content, or none in JSON. */
  readonly named?: NamedSchema
  /** Media type of content that is not JSON. */
  readonly type?: string
}

/** The ids in a path by their names. */
export type RouteIds = (name: string) => string

/** What a route gives: a result, or that it cannot be asked so. */
export type Answered = ControlAnswer | { readonly refusal: Refusal }

interface RouteOptions extends Omit<ControlRoute, 'answer' | 'content'> {}

/** A route without content. */
export function route(
  options: RouteOptions,
  run: (ids: RouteIds, asked: Asked) => Answered | Promise<Answered>,
): ControlRoute {
  return {
    ...options,
    answer: (asked) =>
      asked.content === undefined ? run(asked.ids, asked) : contentRefusal('The request takes no content.'),
  }
}

/** A route whose content fits a schema; where it is not required, no content is an empty object. */
export function routeWithContent<T>(
  options: RouteOptions,
  { named, required }: { readonly named: NamedSchema<T>; readonly required: boolean },
  run: (ids: RouteIds, content: T) => Answered | Promise<Answered>,
): ControlRoute {
  return {
    ...options,
    content: { named, required },
    answer: ({ ids, content }) => {
      if (content === undefined && required) return contentRefusal('The request has no content.')
      const parsed = named.schema.safeParse(content ?? {})
      if (parsed.success) return run(ids, parsed.data)
      return contentRefusal(schemaComplaint('The content', parsed.error))
    },
  }
}

function contentRefusal(message: string): Answered {
  const hint = 'See GET /openapi.json for what each request takes.'
  return { refusal: { code: 'CONTENT_INVALID', message, hint } }
}

/** @param what such as `fault "fault-3"` */
export function notFound(what: string, hint?: string): Answered {
  return { refusal: { code: 'NOT_FOUND', message: `There is no ${what}.`, hint } }
}
