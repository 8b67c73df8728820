import { DURABILITIES, isDurability, type Durability } from '../core/durability.ts'
import { ResealError } from '../core/errors.ts'

/** @throws ResealError CONFIG_INVALID for a word that is none */
export function parseDurability(text: string): Durability {
  if (isDurability(text)) return text
  throw new ResealError('CONFIG_INVALID', `"${text}" is no durability`, {
    hint: `Write one of ${Object.keys(DURABILITIES).join(', ')}.`,
  })
}
