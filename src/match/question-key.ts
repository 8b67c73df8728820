import { hash } from 'node:crypto'
import type { Signature } from './signature.ts'

/** Words of 32 bits in a {@link QuestionKey}. */
export const KEY_WORDS = 4

/**
 * Stands for a signature where millions are kept: 128 bits of its SHA-256. Nobody can make two signatures of one key,
 * so equal keys are equal questions.
 */
export type QuestionKey = Buffer

/** The key of a signature; every UTF-16 unit counts, those that are no character too. */
export function questionKey(signature: Signature): QuestionKey {
  return hash('sha256', Buffer.from(signature, 'utf16le'), 'buffer').subarray(0, KEY_WORDS * 4)
}
