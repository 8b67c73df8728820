import { bytesOfText } from '../core/binary-text.ts'
import { KEY_WORDS } from '../core/asked-columns.ts'
import type { Signature } from './signature.ts'
import { textDigestBytes } from './text-digest.ts'

/**
 * Stands for a signature where millions are kept: 128 bits of its SHA-256. Nobody can make two signatures of one key,
 * so equal keys are equal questions.
 */
export type QuestionKey = Buffer

/**
 * Snapshots keep keys: to be raised whenever the code gives any request another signature or subject than before, so
 * that older keys are not believed.
 */
export const QUESTION_VERSION = 4

/** The key of a signature. */
export function questionKey(signature: Signature): QuestionKey {
  return bytesOfText(textDigestBytes(signature).slice(0, KEY_WORDS * 4))
}
