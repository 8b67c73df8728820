import { z } from 'zod'
import { maskedTarget, maskedValue } from '../core/masking.ts'
import type { PairHead, PairId } from '../core/pair.ts'
import { printable } from '../core/printable.ts'
import type { RawHeaders } from '../core/headers.ts'
import type { ControlledReplay } from './controlled-replay.ts'
import { notFound, route, type ControlRoute } from './control-route.ts'
import { pageParameters } from './query-parameter.ts'

const FIELDS = z.array(z.array(z.string())).meta({ description: 'Name and value, values masked.' })
const PAIR_FIELDS = {
  pair: z.number(),
  at: z.number().meta({ description: 'Milliseconds since 1970-01-01T00:00:00Z.' }),
  tookMs: z.number(),
  backend: z.string(),
  method: z.string(),
  target: z.string().meta({ description: 'Masked.' }),
  status: z.number().optional(),
  outcome: z.string(),
  requestBytes: z.number(),
  responseBytes: z.number(),
}
const PAIR = {
  name: 'Pair',
  schema: z.strictObject({ ...PAIR_FIELDS, requestHeaders: FIELDS, responseHeaders: FIELDS }),
}
const PAIRS = { name: 'PairList', schema: z.strictObject({ pairs: z.array(z.strictObject(PAIR_FIELDS)) }) }
const IDS = z.strictObject({ count: z.number(), pairs: z.array(z.number()) })
const COVERAGE = {
  name: 'Coverage',
  schema: z.strictObject({
    servable: z.number(),
    served: z.number(),
    neverServed: IDS,
    unservable: IDS.meta({ description: 'Pairs that hold no answer.' }),
    backends: z.array(z.string()),
  }),
}

/** What was recorded, without content and with secrets masked, and what of it was served. */
export function pairRoutes(replay: ControlledReplay): readonly ControlRoute[] {
  return [
    route(
      {
        method: 'GET',
        path: '/v1/pairs',
        operation: 'listPairs',
        summary: 'The recorded pairs in order, a page at a time.',
        query: pageParameters('pairs'),
        answers: { 200: { description: 'As many as were asked for.', named: PAIRS } },
      },
      (_ids, { query }) => ({
        status: 200,
        value: { pairs: take(replay.pairs(query('after')), query('limit')).map(pairView) },
      }),
    ),
    route(
      {
        method: 'GET',
        path: '/v1/pairs/{pair}',
        operation: 'getPair',
        summary: 'One recorded pair with its header fields.',
        answers: { 200: { description: 'The pair.', named: PAIR } },
      },
      (ids) => {
        const pair = pairOf(replay, ids('pair'))
        return pair === undefined
          ? notFound('pair of this number', 'See GET /v1/pairs.')
          : { status: 200, value: wholeView(pair) }
      },
    ),
    route(
      {
        method: 'GET',
        path: '/v1/coverage',
        operation: 'getCoverage',
        summary: 'Which pairs were served, which never, and which cannot be.',
        query: pageParameters('pairs', 10_000),
        answers: { 200: { description: 'Counts, and a page of each list.', named: COVERAGE } },
      },
      (_ids, { query }) => {
        const { pairs, served, neverServed, unservable, backends } = replay.coverage()
        const page = (ids: readonly PairId[]): z.output<typeof IDS> => ({
          count: ids.length,
          pairs: ids.filter((id) => id > query('after')).slice(0, query('limit')),
        })
        return {
          status: 200,
          value: {
            servable: pairs,
            served,
            neverServed: page(neverServed),
            unservable: page(unservable),
            backends: [...backends],
          },
        }
      },
    ),
  ]
}

function pairOf(replay: ControlledReplay, text: string): PairHead | undefined {
  const id = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
  if (id === undefined) return undefined
  const [head] = take(replay.pairs(id - 1), 1)
  return head?.id === id ? head : undefined
}

function take<T>(items: Iterable<T>, most: number): readonly T[] {
  return Iterator.from(items).take(most).toArray()
}

function pairView(head: PairHead): z.output<(typeof PAIRS)['schema']>['pairs'][number] {
  const { id, at, tookMs, route: recorded, request, response, outcome, requestBytes, responseBytes } = head
  return {
    pair: id,
    at,
    tookMs,
    backend: recorded.target,
    method: printable(request.method),
    target: maskedTarget(request.target),
    status: response?.status,
    outcome,
    requestBytes,
    responseBytes,
  }
}

function wholeView(head: PairHead): z.output<(typeof PAIR)['schema']> {
  return {
    ...pairView(head),
    requestHeaders: maskedFields(head.request.headers),
    responseHeaders: maskedFields(head.response?.headers ?? []),
  }
}

/** Secrets are the recording's, and `reseal show` shows them to whoever may read its file. */
function maskedFields(headers: RawHeaders): string[][] {
  return headers.map(([name, value]) => [printable(name), maskedValue(name, value)])
}
