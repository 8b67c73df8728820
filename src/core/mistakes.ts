import { combinedError, ResealError } from './errors.ts'

/** Goes on after a mistake, so that one run tells them all. */
export interface Mistakes {
  /** What the work gives; undefined where it was a mistake, which is kept. Any other error is thrown on. */
  keep<T>(work: () => T): T | undefined
  /** The same for work that takes its time. */
  keepAsync<T>(work: () => Promise<T>): Promise<T | undefined>
  /** Those kept, in the order they came. */
  all(): readonly ResealError[]
  /** @throws ResealError the first of those kept, standing for all */
  throwAny(): void
}

/** More are echoes of the first, and nobody reads them. */
const MOST_MISTAKES = 100

/** Of one place only the first mistake is kept. */
export function gatherMistakes(): Mistakes {
  const kept: ResealError[] = []
  const places = new Set<string>()
  const add = (mistake: ResealError): void => {
    const { place, message } = mistake
    const where = place === undefined ? message : `${place.line}:${place.column}`
    if (places.has(where) || kept.length >= MOST_MISTAKES) return
    places.add(where)
    kept.push(mistake)
  }
  const keepError = (error: unknown): undefined => {
    if (!(error instanceof ResealError)) throw error
    for (const mistake of error.parts.length === 0 ? [error] : error.parts) add(mistake)
  }
  return {
    keep: (work) => {
      try {
        return work()
      } catch (error) {
        return keepError(error)
      }
    },
    keepAsync: (work) => work().catch(keepError),
    all: () => kept,
    throwAny: () => {
      const [first, ...others] = kept
      if (first !== undefined) throw combinedError(first, others)
    },
  }
}
