import type { ResealError, SourcePlace } from './errors.ts'

/** A part of a file that another room reads, with the places of what is in it. */
export interface SourceSection {
  readonly value: unknown
  /** Where a value inside is written; the nearest there is for a path that leads nowhere. */
  placeOf(path: readonly (string | number)[]): SourcePlace
  /** An error at a place of this file, with its source line. */
  errorAt(place: SourcePlace, message: string, hint?: string): ResealError
}
