import type { WhenDefinition } from '../document/definition.ts'
import type { Condition } from '../message/focus.ts'
import { compileRequestTest, type FilteredRequest, type RequestTest } from './request-test.ts'

/** What the live request must be for a chain to change its answer. */
export function compileCondition(definition: WhenDefinition): Condition {
  const test = compileWhen(definition)
  return ({ request }) => test({ head: request.request, message: () => request })
}

/** What a request must be, recorded or live. */
export function compileWhen(definition: WhenDefinition): RequestTest {
  const own = compileRequestTest(definition)
  const nots = definition.not?.map(compileWhen) ?? []
  const anys = definition.any?.map(compileWhen)
  return (request: FilteredRequest) =>
    (own === undefined || own(request)) &&
    !nots.some((test) => test(request)) &&
    (anys === undefined || anys.some((test) => test(request)))
}
