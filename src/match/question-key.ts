import type { BinaryText } from '../core/binary-text.ts'
import { KEY_WORDS } from '../core/asked-columns.ts'
import type { Signature } from './signature.ts'
import { textDigestBytes } from './text-digest.ts'

/**
 * Stands for a signature where millions are kept: 128 bits of its SHA-256. Nobody can make two signatures of one key,
 * so equal keys are equal questions.
 */
export type QuestionKey = BinaryText

/**
 * Snapshots keep keys: to be raised whenever the code gives any request another signature or subject than before, so
 * that older keys are not believed.
 */
export const QUESTION_VERSION = 4

/** The key of a signature. */
export function questionKey(signature: Signature): QuestionKey {
  return textDigestBytes(signature).slice(0, KEY_WORDS * 4)
}
