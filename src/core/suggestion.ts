/**
 * A hint for a word that is not among the known ones: the nearest of them, or all of them.
 * @param plural what the known words are, such as `steps`
 */
export function suggestionFor(word: string, known: readonly string[], plural: string): string {
  const near = nearestWord(word, known)
  if (near !== undefined) return `Did you mean "${near}"?`
  return `The ${plural} are ${known.join(', ')}.`
}

/**
 * The known word fewest slips away from the given one: case does not count, and a third of the letters may be wrong.
 * @returns undefined when none is that near
 */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined
  const slipsAllowed = Math.max(1, Math.floor(word.length / 3))
  const ranked = known
    .map((candidate) => ({ candidate, slips: slipsBetween(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ slips }) => slips <= slipsAllowed)
    .toSorted((a, b) => a.slips - b.slips)
  return ranked[0]?.candidate
}

/** Longer words are not misspelt keys, and the distance costs the product of both lengths. */
const LONGEST_WORD = 64

/** Damerau-Levenshtein distance, optimal string alignment: insert, delete, replace, swap two neighbours. */
function slipsBetween(a: string, b: string): number {
  let beforePrevious: readonly number[] = []
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? 0
}
