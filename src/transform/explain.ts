import { isAnswered, type PairHead, type RRPair } from '../core/pair.ts'
import type { SourcePlace } from '../core/errors.ts'
import type { StepTrace } from './chain-report.ts'
import type { ChainDefinition, FilterDefinition, TransformDocument } from './document/definition.ts'
import { EVERY_PAIR } from './document/filter-schema.ts'
import { compilePairFilter, directionOf, hostsOf, type FilteredPair } from './filters/pair-filter.ts'
import { pathOf } from './filters/request-test.ts'
import { requestMessage } from './message/request-message.ts'
import { responseMessage } from './message/response-message.ts'

/** What became of one chain in one pair. */
export interface ChainExplanation {
  readonly id: string
  readonly place: SourcePlace
  /** The filters that keep the pair out; empty where they let it through. */
  readonly filteredBy: readonly FilterMiss[]
  /** What is changed depends on the live request. */
  readonly conditional: boolean
  /** What each step did; empty where the filters kept the pair out. */
  readonly steps: readonly StepTrace[]
}

/** A filter that does not agree. */
export interface FilterMiss {
  /** Its word, `method`. */
  readonly filter: string
  /** What the pair has, where it can be shown without telling a secret. */
  readonly has: string | undefined
}

/** Says of each chain of a document what it did in a pair, or which of its filters kept the pair out. */
export function explainPair(
  { responder }: TransformDocument,
  pair: RRPair,
  trace: readonly StepTrace[],
): readonly ChainExplanation[] {
  const filtered = filteredPair(pair)
  return responder.map((chain) => ({
    id: chain.id,
    place: chain.place,
    filteredBy: missesOf(chain, filtered),
    conditional: chain.when !== undefined,
    steps: trace.filter((step) => step.chain === chain.id),
  }))
}

function filteredPair(pair: RRPair): FilteredPair {
  return {
    head: pair,
    messages: () =>
      isAnswered(pair)
        ? { request: requestMessage(pair.request), response: responseMessage(pair) }
        : undefined,
  }
}

/** Each filter alone, since all of them must agree. */
function missesOf({ filters }: ChainDefinition, pair: FilteredPair): readonly FilterMiss[] {
  const words: readonly (keyof FilterDefinition)[] = [
    'method',
    'path',
    'host',
    'status',
    'header',
    'query',
    'form',
    'json',
    'res_header',
    'res_json',
    'ordinal',
    'tag',
    'direction',
    'not',
    'any',
  ]
  return words
    .filter((word) => filters[word] !== undefined)
    .filter((word) => !compilePairFilter({ ...EVERY_PAIR, [word]: filters[word] })(pair))
    .map((word) => ({ filter: word, has: SHOWN[word]?.(pair.head) }))
}

/** What a pair has that filters ask for, where no secret can be in it. */
const SHOWN: Readonly<Partial<Record<keyof FilterDefinition, (head: PairHead) => string>>> = {
  method: ({ request }) => request.method,
  path: ({ request }) => pathOf(request.target),
  host: ({ request, route }) => [...new Set(hostsOf(request.authority, route.target))].join(', '),
  status: ({ response }) => String(response?.status ?? 'no response'),
  ordinal: ({ id }) => String(id),
  tag: ({ route: { tags = {} } }) =>
    Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ') || 'no tags',
  direction: directionOf,
}
