import { z } from 'zod'

/** One of a table's names, as a string that a schema lists and a value of the type that the code knows. */
export function knownWord<K extends string>(table: Readonly<Record<K, unknown>>): z.ZodType<K, string> {
  const isKnown = (word: string): word is K => Object.hasOwn(table, word)
  return z.enum(Object.keys(table)).transform((word) => (isKnown(word) ? word : z.NEVER))
}
