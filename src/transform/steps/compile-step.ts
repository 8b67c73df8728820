import type { SourcePlace } from '../../core/errors.ts'
import type { ExtractorDefinition, StepDefinition } from '../document/definition.ts'
import { jsonPathLocator } from './json-path-locator.ts'
import { jwksMutator } from './jwks-mutator.ts'
import { findJwtLocator, jwtClaimLocator } from './jwt-locators.ts'
import { jwtResignMutator } from './jwt-resign-mutator.ts'
import type { KeySources } from '../tokens/key-sources.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { Located, Locator, Mutator } from './step.ts'

/** A step ready to run over a pair. */
export type CompiledStep = { readonly name: string; readonly place: SourcePlace } & (
  | { readonly kind: 'locator'; readonly locate: Locator }
  | { readonly kind: 'mutator'; readonly mutate: Mutator }
)

/**
 * Makes a step of what the user wrote.
 * @throws ResealError when it cannot work: a secret that is missing, a file that holds no key
 */
export function compileStep(step: StepDefinition, keys: KeySources): CompiledStep {
  const { place } = step
  switch (step.type) {
    case 'json_path':
      return { place, kind: 'locator', name: `json_path ${step.path}`, locate: jsonPathLocator(step.path) }
    case 'jwt_claim':
      return { place, kind: 'locator', name: `jwt_claim ${step.claim}`, locate: jwtClaimLocator(step.claim) }
    case 'find':
      return { place, kind: 'locator', name: 'find jwt', locate: findJwtLocator() }
    case 'jwt_resign':
      return { place, kind: 'mutator', name: 'jwt_resign', mutate: jwtResignMutator(step, keys.for(step)) }
    case 'jwks':
      return { place, kind: 'mutator', name: 'jwks', mutate: jwksMutator() }
  }
}

/** The places of a response where a chain begins. */
export function extract(definition: ExtractorDefinition, message: ResponseMessage): Located {
  if (definition.type === 'http_res_header') {
    const places = message.header(definition.name)
    return places.length === 0 ? { notFound: `no header ${definition.name}` } : places
  }
  const body = message.body()
  if (body === undefined) return { notFound: 'its content coding cannot be undone' }
  return body.recorded === '' ? { notFound: 'no body' } : [body]
}
