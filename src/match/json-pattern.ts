/** A step down a document: to a member or position of this name or to any, at this level or at any below. */
export interface JsonPatternStep {
  readonly deep: boolean
  /** Undefined for any. */
  readonly names: readonly string[] | undefined
}

/** Places in a JSON document; a pattern without steps is nowhere. */
export type JsonPattern = readonly JsonPatternStep[]

/** How far patterns have come on the way down a document: each with the step that is next. */
export type PatternPlaces = readonly { readonly pattern: JsonPattern; readonly at: number }[]

/** No pattern. */
export const NOWHERE: PatternPlaces = []

/** All patterns at the document's root. */
export function atRoot(patterns: readonly JsonPattern[]): PatternPlaces {
  return patterns.length === 0 ? NOWHERE : patterns.map((pattern) => ({ pattern, at: 0 }))
}

/**
 * One member or position further down.
 * @returns undefined when a pattern ends there; at most one place for each step of each pattern
 */
export function further(places: PatternPlaces, name: string): PatternPlaces | undefined {
  if (places.length === 0) return NOWHERE
  const next: { readonly pattern: JsonPattern; readonly at: number }[] = []
  const add = (pattern: JsonPattern, at: number): void => {
    if (!next.some((place) => place.pattern === pattern && place.at === at)) next.push({ pattern, at })
  }
  for (const { pattern, at } of places) {
    const step = pattern[at]
    if (step === undefined) continue
    if (step.names === undefined || step.names.includes(name)) {
      if (at + 1 === pattern.length) return undefined
      add(pattern, at + 1)
    }
    if (step.deep) add(pattern, at)
  }
  return next
}
