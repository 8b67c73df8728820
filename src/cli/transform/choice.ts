import { ResealError } from '../../core/errors.ts'
import { suggestionFor } from '../../core/suggestion.ts'

/**
 * Reads a flag that takes one of some words.
 * @param noun what the words are, such as `format`
 * @throws ResealError USAGE, when called, for any other word
 */
export function choice<W extends string>(noun: string, words: readonly W[]): (word: string) => W {
  return (word) => {
    const known = words.find((candidate) => candidate === word)
    if (known !== undefined) return known
    throw new ResealError('USAGE', `There is no ${noun} "${word}"`, {
      hint: suggestionFor(word, words, `${noun}s`),
    })
  }
}
