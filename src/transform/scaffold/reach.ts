import type { AnsweredPair } from '../../core/pair.ts'
import type { ChainDefinition } from '../document/definition.ts'
import { compilePairFilter } from '../filters/pair-filter.ts'
import type { Focus } from '../message/focus.ts'
import { requestMessage } from '../message/request-message.ts'
import { responseMessage } from '../message/response-message.ts'
import { compileExtractor, compileLocator } from '../steps/compile-step.ts'
import { isNotFound } from '../steps/step.ts'

/** The places of a pair that the steps of chains change, or learn from. */
export type Reach = (pair: AnsweredPair) => readonly Focus[]

/** Goes where chains would change something, and changes nothing: no key is read or made. */
export function reachOf(chains: readonly ChainDefinition[]): Reach {
  const reaches = chains.map(chainReach)
  return (pair) => reaches.flatMap((reach) => reach(pair))
}

function chainReach(chain: ChainDefinition): Reach {
  const fits = compilePairFilter(chain.filters)
  const extractor = compileExtractor(chain.extractor)
  const steps = chain.steps.map(compileLocator)
  return (pair) => {
    const response = responseMessage(pair)
    const messages = { request: requestMessage(pair.request), response }
    if (!fits({ head: pair, messages: () => messages })) return []
    const extracted =
      extractor.side === 'request' ? extractor.extract(messages.request) : extractor.extract(response)
    let places: readonly Focus[] = isNotFound(extracted) ? [] : extracted
    const reached: Focus[] = []
    for (const locate of steps) {
      if (locate === undefined) reached.push(...places)
      else places = places.flatMap((place) => found(locate(place)))
    }
    return reached
  }
}

function found(located: ReturnType<NonNullable<ReturnType<typeof compileLocator>>>): readonly Focus[] {
  return isNotFound(located) ? [] : located
}
