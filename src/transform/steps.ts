import type { SourcePlace } from '../core/errors.ts'
import type { ExtractorDefinition, StepDefinition } from './definition.ts'
import { jsonPathLocator } from './json-path-locator.ts'
import { jwksMutator } from './jwks-mutator.ts'
import { findJwtLocator, jwtClaimLocator } from './jwt-locators.ts'
import { jwtResignMutator } from './jwt-resign-mutator.ts'
import type { KeySources } from './key-sources.ts'
import type { ResponseMessage } from './response-message.ts'
import type { Located, Locator, Mutator } from './step.ts'

/** A step ready to run over a pair. */
export type CompiledStep = { readonly name: string; readonly place: SourcePlace } & (
  | { readonly kind: 'locator'; readonly locate: Locator }
  | { readonly kind: 'mutator'; readonly mutate: Mutator }
)

type Compilers = {
  readonly [Type in StepDefinition['type']]: (
    definition: Extract<StepDefinition, { type: Type }>,
    keys: KeySources,
  ) => Omit<Extract<CompiledStep, { kind: 'locator' }>, 'place'> | Omit<Extract<CompiledStep, { kind: 'mutator' }>, 'place'>
}

/** What each step type does, by the word a user writes. */
const STEPS: Compilers = {
  json_path: ({ path }) => ({ kind: 'locator', name: `json_path ${path}`, locate: jsonPathLocator(path) }),
  jwt_claim: ({ claim }) => ({ kind: 'locator', name: `jwt_claim ${claim}`, locate: jwtClaimLocator(claim) }),
  find: () => ({ kind: 'locator', name: 'find jwt', locate: findJwtLocator() }),
  jwt_resign: (definition, keys) => ({
    kind: 'mutator',
    name: 'jwt_resign',
    mutate: jwtResignMutator(definition, keys.for(definition)),
  }),
  jwks: () => ({ kind: 'mutator', name: 'jwks', mutate: jwksMutator() }),
}

/** @throws ResealError when the step cannot work: a secret that is missing, a file that holds no key */
export function compileStep(definition: StepDefinition, keys: KeySources): CompiledStep {
  const compile = STEPS[definition.type] as (definition: StepDefinition, keys: KeySources) => CompiledStep
  return { ...compile(definition, keys), place: definition.place }
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
