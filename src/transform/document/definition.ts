import type { SourcePlace } from '../../core/errors.ts'
import type { SourceSection } from '../../core/source-section.ts'
import type { EXTRACTOR_SCHEMAS, ExtractorType } from './extractor-schema.ts'
import type { STEP_SCHEMAS, StepType } from './step-schema.ts'

/** What a user wrote for a snapshot, every spelling brought to one form. */
export interface TransformDocument {
  readonly file: string
  readonly version: 1
  readonly match: MatchDefinition
  /** Issuers of reseal's own that `jwt_resign` can sign as, read elsewhere. */
  readonly issuers: SourceSection | undefined
  readonly responder: readonly ChainDefinition[]
}

/** What makes two requests the same question. */
export interface MatchDefinition {
  readonly ignore: {
    /** Names of query parameters. */
    readonly query: readonly string[]
    /** JSON paths into the request's body. */
    readonly json: readonly string[]
  }
}

/** Filters, then an extractor, then steps: run on a pair's response. */
export interface ChainDefinition {
  /** As given, else `responder[0]`. */
  readonly id: string
  readonly place: SourcePlace
  readonly filters: FilterDefinition
  readonly extractor: ExtractorDefinition
  readonly steps: readonly StepDefinition[]
}

/**
 * Which pairs a chain is for: all lists must agree, each by any of its entries; an empty list agrees with everything.
 * In globs, `*` stands for any run of characters (in a path, within one segment) and `?` for one; `**` as a whole
 * segment of a path stands for any number of segments.
 */
export interface FilterDefinition {
  /** Methods in capitals. */
  readonly method: readonly string[]
  /** Globs over the path of the request target, without its query. */
  readonly path: readonly string[]
  /** Globs in lower case over the host, alone or with its port. */
  readonly host: readonly string[]
  readonly status: readonly StatusMatch[]
}

/** A status code, or a class of them (RFC 9110 §15). */
export type StatusMatch = number | `${1 | 2 | 3 | 4 | 5}xx`

type Read<R extends (...args: never) => unknown> = Extract<
  ReturnType<R>,
  { readonly value: unknown }
>['value']

/** Where a chain begins: `type`, the options of that extractor, and its place. */
export type ExtractorDefinition = {
  [T in ExtractorType]: Read<(typeof EXTRACTOR_SCHEMAS)[T]['read']>
}[ExtractorType]

/** One step: `type`, the options of that step, and its place. */
export type StepDefinition = { [T in StepType]: Read<(typeof STEP_SCHEMAS)[T]['read']> }[StepType]

/** The options of `jwt_resign`, defaults filled in. */
export type JwtResignDefinition = Extract<StepDefinition, { readonly type: 'jwt_resign' }>
