import type { SourcePlace } from '../../core/errors.ts'
import type { ExtractorDefinition, StepDefinition } from '../document/definition.ts'
import { EXTRACTORS, type ExtractorType } from '../extractors/extractor-table.ts'
import type { StepEnvironment } from './step-environment.ts'
import { LOCATORS, STEPS, type StepType } from './step-table.ts'
import type { Extractor, Locator, Mutator } from './step.ts'

/** A step ready to run over a pair. */
export type CompiledStep = { readonly name: string; readonly place: SourcePlace } & (
  | { readonly role: 'locator'; readonly locate: Locator }
  | { readonly role: 'mutator'; readonly mutator: Mutator }
)

type StepOf<T extends StepType> = Extract<StepDefinition, { readonly type: T }>

type StepCompilers = {
  readonly [T in StepType]: {
    readonly role: 'locator' | 'mutator'
    readonly label: (definition: StepOf<T>) => string
    readonly compile: (definition: StepOf<T>, environment: StepEnvironment) => Locator | Mutator
  }
}

/**
 * Makes a step of what the user wrote.
 * @throws ResealError when it cannot work: a secret that is missing, a file that holds no key
 */
export function compileStep(step: StepDefinition, environment: StepEnvironment): CompiledStep {
  return compileAs(step.type, step, environment)
}

function compileAs<T extends StepType>(type: T, step: StepOf<T>, environment: StepEnvironment): CompiledStep {
  const rows: StepCompilers = STEPS
  const { label, compile } = rows[type]
  const about = { name: label(step), place: step.place }
  const made = compile(step, environment)
  return typeof made === 'function'
    ? { ...about, role: 'locator', locate: made }
    : { ...about, role: 'mutator', mutator: made }
}

type LocatorType = keyof typeof LOCATORS
type LocatorOf<T extends LocatorType> = Extract<StepDefinition, { readonly type: T }>
type LocatorCompilers = {
  readonly [T in LocatorType]: { readonly compile: (definition: LocatorOf<T>) => Locator }
}

/** A step that goes to a place, which needs no key and no secret; undefined for one that changes what is there. */
export function compileLocator(step: StepDefinition): Locator | undefined {
  return isLocator(step) ? locatorAs(step.type, step) : undefined
}

function isLocator(step: StepDefinition): step is LocatorOf<LocatorType> {
  return Object.hasOwn(LOCATORS, step.type)
}

function locatorAs<T extends LocatorType>(type: T, step: LocatorOf<T>): Locator {
  const rows: LocatorCompilers = LOCATORS
  return rows[type].compile(step)
}

type ExtractorOf<T extends ExtractorType> = Extract<ExtractorDefinition, { readonly type: T }>

type ExtractorCompilers = {
  readonly [T in ExtractorType]: { readonly compile: (definition: ExtractorOf<T>) => Extractor }
}

/** Where a chain begins, ready to run over a pair. */
export function compileExtractor(definition: ExtractorDefinition): Extractor {
  return extractorAs(definition.type, definition)
}

function extractorAs<T extends ExtractorType>(type: T, definition: ExtractorOf<T>): Extractor {
  const rows: ExtractorCompilers = EXTRACTORS
  return rows[type].compile(definition)
}
