import { isDeepStrictEqual } from 'node:util'
import type { HttpResponse } from '../core/exchange.ts'
import { ANSWER_FAULTS, answerChanged, answerInstead } from '../core/fault.ts'
import { createFaultBook, type FaultBook, type HappeningFault } from '../core/fault-book.ts'
import type { Clock } from '../core/time.ts'
import type { ReplayFaultDefinition } from '../transform/document/fault-schema.ts'
import { compileFaultFilter, type FaultFilter } from '../transform/filters/fault-filter.ts'
import type { Answerer, ReplayAnswer } from './replay-answer.ts'

/** What goes wrong on purpose with the answers of a replay. */
export interface ReplayFaults extends Omit<FaultBook<ReplayFaultDefinition>, 'happening' | 'size'> {
  /** Puts the faults of a document in the place of those of the document before it; what stayed counts on. */
  follow(definitions: readonly ReplayFaultDefinition[]): void
  /**
   * The answerer with every fault in its answers that happens; without faults it is only asked.
   * @param origin the backend that the listener stands for; undefined for all
   */
  around(answerer: Answerer, origin: string | undefined): Answerer
}

type Happening = HappeningFault<ReplayFaultDefinition>

/** @param clock for the moments at which faults are set */
export function createReplayFaults(clock: Clock): ReplayFaults {
  const book = createFaultBook<ReplayFaultDefinition>(clock)
  const filters = new WeakMap<ReplayFaultDefinition, FaultFilter>()
  const filterOf = (definition: ReplayFaultDefinition): FaultFilter => {
    const known = filters.get(definition) ?? compileFaultFilter(definition.filters)
    filters.set(definition, known)
    return known
  }
  let followed: readonly { readonly id: string; readonly definition: ReplayFaultDefinition }[] = []
  const { happening, ...rest } = book
  return {
    ...rest,
    get total() {
      return book.total
    },
    follow: (definitions) => {
      const stays = followed.filter((one) =>
        definitions.some((definition) => isDeepStrictEqual(definition, one.definition)),
      )
      for (const { id } of followed) if (!stays.some((one) => one.id === id)) book.clear(id)
      const left = [...stays]
      followed = definitions.map((definition) => {
        const at = left.findIndex((one) => isDeepStrictEqual(definition, one.definition))
        const [kept] = at === -1 ? [] : left.splice(at, 1)
        return kept ?? { id: book.set(definition), definition }
      })
    },
    around: (answerer, origin) => (request) => {
      // A browser's question whether it may ask is not yet the request that a fault is for.
      if (book.size === 0 || request.method === 'OPTIONS') return answerer(request)
      const first = happening((definition) => {
        const { status, request: fits } = filterOf(definition)
        return status === undefined && fits(request, origin) ? effectOf(definition) : undefined
      })
      const byStatus = (status: number): readonly Happening[] =>
        happening((definition) => {
          const filter = filterOf(definition)
          const fits = filter.status?.(status) === true && filter.request(request, origin)
          return fits ? effectOf(definition) : undefined
        }, first)
      const waits = book.list().some(({ definition }) => filterOf(definition).status !== undefined)
      return faultyAnswer(request, answerer, first, waits ? byStatus : undefined)
    },
  }
}

/** Faults that would take each other's place have one effect. */
function effectOf({ kind }: ReplayFaultDefinition): string {
  return ANSWER_FAULTS[kind].instead === undefined ? kind : 'instead'
}

function faultyAnswer(
  request: Parameters<Answerer>[0],
  answerer: Answerer,
  first: readonly Happening[],
  byStatus: ((status: number) => readonly Happening[]) | undefined,
): ReplayAnswer {
  const own = first.map(({ definition }) => answerInstead(definition)).find((one) => one !== undefined)
  const answer: ReplayAnswer =
    own === undefined ? answerer(request) : { kind: 'fault', response: own, faults: [] }
  if (first.length === 0 && byStatus === undefined) return answer
  const { response } = answer
  if (response instanceof Promise) {
    const changed = response.then((whole) => withFaults(whole, first, byStatus).response)
    return { ...answer, response: changed, faults: idsOf(first) }
  }
  const { response: changed, happened } = withFaults(response, first, byStatus)
  return happened.length === 0 ? answer : { ...answer, response: changed, faults: idsOf(happened) }
}

function withFaults(
  response: HttpResponse,
  first: readonly Happening[],
  byStatus: ((status: number) => readonly Happening[]) | undefined,
): { readonly response: HttpResponse; readonly happened: readonly Happening[] } {
  const happened = [...first, ...(byStatus?.(response.status) ?? [])]
  const later = happened.slice(first.length).map(({ definition }) => answerInstead(definition))
  let whole = later.find((one) => one !== undefined) ?? response
  for (const { definition, dice } of happened) whole = answerChanged(whole, definition, { dice })
  return { response: whole, happened }
}

function idsOf(faults: readonly Happening[]): readonly string[] {
  return faults.map(({ id }) => id)
}
