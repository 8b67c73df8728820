import type { SourcePlace } from '../../core/errors.ts'
import type { SourceSection } from '../../core/source-section.ts'
import type { z } from 'zod'
import type { EXTRACTORS, ExtractorType } from '../extractors/extractor-table.ts'
import type { STEPS, StepType } from '../steps/step-table.ts'
import type { ReplayFaultDefinition } from './fault-schema.ts'
import type { FilterDefinition, WHEN } from './filter-schema.ts'

export type { FilterDefinition }
import type { MATCH } from './match-schema.ts'

/** What a user wrote for a snapshot, every spelling brought to one form. */
export interface TransformDocument {
  readonly file: string
  readonly version: 1
  readonly match: MatchDefinition
  /** Issuers of reseal's own that `jwt_resign` can sign as, read elsewhere. */
  readonly issuers: SourceSection | undefined
  /** What of a recording is not stored as it was; checked, and compiled elsewhere. */
  readonly redact: SourceSection | undefined
  /** What goes wrong with answers on purpose. */
  readonly faults: readonly ReplayFaultDefinition[]
  readonly responder: readonly ChainDefinition[]
}

/** What makes two requests the same question, and which answer follows which. */
export type MatchDefinition = Readonly<z.output<typeof MATCH>>

/** Parts of a request that do not count. */
export type IgnoreDefinition = MatchDefinition['ignore']

/** Filters, then an extractor, then steps: run on a pair's response. */
export interface ChainDefinition {
  /** As given, else `responder[0]`. */
  readonly id: string
  readonly place: SourcePlace
  readonly filters: FilterDefinition
  /** What the live request must be; left out where it does not matter. */
  readonly when?: WhenDefinition
  /** The chain must apply somewhere. */
  readonly require?: true
  readonly extractor: ExtractorDefinition
  readonly steps: readonly StepDefinition[]
}

/** What the request must be that is answered. */
export type WhenDefinition = z.output<typeof WHEN>

/** What filters and conditions say of a request. */
export type RequestFilterDefinition = Pick<
  WhenDefinition,
  'method' | 'path' | 'header' | 'query' | 'form' | 'json'
>

/** Whether a name is there at all, or a glob over its value, or a regular expression. */
export type TextMatch = boolean | string | { readonly regex: string }

/** The value itself, text as a glob; or a regular expression; or whether there is one at all. */
export type JsonMatch =
  | string
  | number
  | boolean
  | null
  | { readonly regex: string }
  | { readonly exists: boolean }

type Read<R extends (...args: never) => unknown> = Extract<
  ReturnType<R>,
  { readonly value: unknown }
>['value']

/** Where a chain begins: `type`, the options of that extractor, and its place. */
export type ExtractorDefinition = {
  [T in ExtractorType]: Read<(typeof EXTRACTORS)[T]['read']>
}[ExtractorType]

/** One step: `type`, the options of that step, and its place. */
export type StepDefinition = { [T in StepType]: Read<(typeof STEPS)[T]['read']> }[StepType]
