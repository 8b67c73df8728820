import type { z } from 'zod'
import {
  memberSchema,
  type DefinitionOf,
  type MemberExtras,
  type MemberSchema,
} from '../document/member-schema.ts'
import type { StepEnvironment } from './step-environment.ts'
import type { RequestMessage } from '../message/request-message.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { Extractor, Located, Locator, Mutator } from './step.ts'

/** The message that a chain begins in. */
export type Side = Extractor['side']

interface StepRowOf<T extends string, S extends z.ZodObject> extends MemberSchema<T, S> {
  /** The step in reports: its word, and what it was given alone. */
  readonly label: (definition: DefinitionOf<T, S>) => string
}

/** Everything about a step that goes to a place. */
export interface LocatorRow<T extends string, S extends z.ZodObject> extends StepRowOf<T, S> {
  readonly role: 'locator'
  /** @throws ResealError when it cannot work */
  readonly compile: (definition: DefinitionOf<T, S>) => Locator
}

/** Everything about a step that changes what is at a place. */
export interface MutatorRow<T extends string, S extends z.ZodObject> extends StepRowOf<T, S> {
  readonly role: 'mutator'
  /** Where its chain may begin: in the response, which it changes, or in the request, from which it learns. */
  readonly sides: readonly Side[]
  /** @throws ResealError when it cannot work: a secret that is missing, a file that holds no key */
  readonly compile: (definition: DefinitionOf<T, S>, environment: StepEnvironment) => Mutator
}

/** Everything about a place where a chain begins. */
export interface ExtractorRow<T extends string, S extends z.ZodObject> extends MemberSchema<T, S> {
  readonly side: Side
  readonly compile: (definition: DefinitionOf<T, S>) => Extractor
}

/** Makes the row of a locator. */
export function locatorRow<const T extends string, S extends z.ZodObject>(
  type: T,
  options: S,
  extras: MemberExtras<S>,
  compile: LocatorRow<T, S>['compile'],
): LocatorRow<T, S> {
  return { role: 'locator', ...memberSchema(type, options, extras), label: labelBy(type, extras), compile }
}

/** What the row of a mutator may say besides its options. */
interface MutatorExtras<S extends z.ZodObject> extends MemberExtras<S> {
  /** Default: only the response. */
  readonly sides?: readonly Side[]
}

/** Makes the row of a mutator. */
export function mutatorRow<const T extends string, S extends z.ZodObject>(
  type: T,
  options: S,
  extras: MutatorExtras<S>,
  compile: MutatorRow<T, S>['compile'],
): MutatorRow<T, S> {
  const { sides = ['response'] } = extras
  return {
    role: 'mutator',
    ...memberSchema(type, options, extras),
    label: labelBy(type, extras),
    sides,
    compile,
  }
}

/** Makes the row of an extractor that begins in the response. */
export function responseExtractor<const T extends string, S extends z.ZodObject>(
  type: T,
  options: S,
  extras: MemberExtras<S>,
  compile: (definition: DefinitionOf<T, S>) => (response: ResponseMessage) => Located,
): ExtractorRow<T, S> {
  return {
    ...memberSchema(type, options, extras),
    side: 'response',
    compile: (definition) => ({ side: 'response', extract: compile(definition) }),
  }
}

/** Makes the row of an extractor that begins in the request. */
export function requestExtractor<const T extends string, S extends z.ZodObject>(
  type: T,
  options: S,
  extras: MemberExtras<S>,
  compile: (definition: DefinitionOf<T, S>) => (request: RequestMessage) => Located,
): ExtractorRow<T, S> {
  return {
    ...memberSchema(type, options, extras),
    side: 'request',
    compile: (definition) => ({ side: 'request', extract: compile(definition) }),
  }
}

/** A long text, such as a template, is left out of the name of its step. */
const LONGEST_LABEL = 60

function labelBy<S extends z.ZodObject>(
  type: string,
  { shorthand, namesItself }: MemberExtras<S>,
): (definition: object) => string {
  return (definition) => {
    const value = shorthand === undefined ? undefined : Reflect.get(definition, shorthand)
    const isShort = (typeof value === 'string' && value.length <= LONGEST_LABEL) || typeof value === 'number'
    return namesItself === true && isShort ? `${type} ${value}` : type
  }
}
