import { ResealError } from '../core/errors.ts'
import type { HttpRequest, HttpResponse } from '../core/exchange.ts'
import {
  ANSWER_FAULTS,
  answerChanged,
  answerInstead,
  type AnswerFault,
  type AnswerFaultKind,
} from '../core/fault.ts'
import { createFaultBook, type FaultBook, type FaultLimits, type HappeningFault } from '../core/fault-book.ts'
import { epochSeconds, type Clock } from '../core/time.ts'
import type { KeyRing } from '../keys/ring/key-ring.ts'
import type { EndpointName } from './endpoint-name.ts'
import {
  JWKS_FAULTS,
  jwksChanged,
  type JwksFault,
  type JwksFaultKind,
  type JwksSituation,
} from './jwks-faults.ts'

export type FaultKind = AnswerFaultKind | JwksFaultKind

/**
 * What goes wrong, and how often. Faults of several kinds at one endpoint happen together, changes of the JWKS in the
 * order in which they were set.
 */
export type FaultWhat = (AnswerFault | JwksFault) & FaultLimits

/** Where a fault happens: an endpoint, or `*` for all. */
export type FaultPlace = EndpointName | '*'

/** A fault as a user writes it: the same in YAML, the control API and the library. */
export type FaultDefinition = FaultWhat & { readonly endpoint: FaultPlace }

/** The faults of one issuer. */
export interface Faults extends Pick<FaultBook<FaultDefinition>, 'clear' | 'list'> {
  /**
   * As {@link FaultBook.set}.
   * @throws ResealError CONFIG_INVALID for a fault that can never happen, USAGE when too many are set
   */
  set(fault: FaultDefinition): string
  /** Sets a fault for as long as the work takes, and takes it back however the work ends. */
  fault<T>(where: FaultPlace, what: FaultWhat, work: () => T | Promise<T>): Promise<T>
  /** The hook of an issuer: the answer with every fault in it that happens now. */
  apply(
    endpoint: EndpointName,
    request: HttpRequest,
    answer: () => HttpResponse | Promise<HttpResponse>,
  ): HttpResponse | Promise<HttpResponse>
}

/** @param ring whose keys the JWKS shows */
export function createFaults(clock: Clock, ring: Pick<KeyRing, 'keys'>): Faults {
  const book = createFaultBook<FaultDefinition>(clock)
  return {
    clear: book.clear,
    list: book.list,
    set: (definition) => {
      refuseImpossible(definition)
      return book.set(definition)
    },
    fault: async (where, what, work) => {
      const definition = { ...what, endpoint: where }
      refuseImpossible(definition)
      return book.during(definition, work)
    },
    apply: (endpoint, request, answer) => {
      // A browser's question whether it may ask is not yet the request that a fault is for.
      if (book.size === 0 || request.method === 'OPTIONS') return answer()
      const happening = book.happening((definition) => effectAt(definition, endpoint))
      if (happening.length === 0) return answer()
      const now = epochSeconds(clock())
      return faultyAnswer(happening, answer, { keys: ring.keys(now), now })
    },
  }
}

function refuseImpossible({ kind, endpoint }: FaultDefinition): void {
  if (!isOfJwks(kind) || endpoint === 'jwks' || endpoint === '*') return
  throw new ResealError('CONFIG_INVALID', `The fault ${kind} cannot happen at the endpoint ${endpoint}`, {
    hint: `${Object.keys(JWKS_FAULTS).join(', ')} change the JWKS: set them at the endpoint jwks.`,
  })
}

/** Faults that would take each other's place have one effect. */
function effectAt({ kind, endpoint: place }: FaultDefinition, endpoint: EndpointName): string | undefined {
  const isHere = place === endpoint || (place === '*' && (endpoint === 'jwks' || !isOfJwks(kind)))
  if (!isHere) return undefined
  return !isOfJwks(kind) && ANSWER_FAULTS[kind].instead !== undefined ? 'instead' : kind
}

function isOfJwks(kind: FaultKind): kind is JwksFaultKind {
  return Object.hasOwn(JWKS_FAULTS, kind)
}

async function faultyAnswer(
  faults: readonly HappeningFault<FaultDefinition>[],
  answer: () => HttpResponse | Promise<HttpResponse>,
  situation: JwksSituation,
): Promise<HttpResponse> {
  const own = faults.map(({ definition }) =>
    isJwksFault(definition) ? undefined : answerInstead(definition),
  )
  let response = own.find((instead) => instead !== undefined) ?? (await answer())
  for (const { definition, dice } of faults) {
    response = isJwksFault(definition)
      ? jwksChanged(response, definition, situation)
      : answerChanged(response, definition, { dice })
  }
  return response
}

function isJwksFault(what: AnswerFault | JwksFault): what is JwksFault {
  return isOfJwks(what.kind)
}
