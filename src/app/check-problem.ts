import type { SourcePlace } from '../core/errors.ts'

/** What a check can find in a document that loads, and what each finding means. */
export const CHECK_RULES = {
  'unused-step': 'A step applies nowhere in the snapshot.',
  'unsigned-token': 'A recorded token is served as it was recorded: nothing re-signs it.',
  'expired-token': 'A re-signed token has expired when it is served.',
  'broken-token': 'A token was changed, and no step signs it again.',
  'unpublished-key': 'A re-signed token verifies with no key of any JWKS that the snapshot serves.',
} as const

export type CheckRule = keyof typeof CHECK_RULES

/** Something in a document that loads and does not do what it should. */
export interface CheckProblem {
  readonly rule: CheckRule
  /** Always an error, or only where the check is strict. */
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint: string
  readonly place: SourcePlace
  /** The source line with a caret, ready to print. */
  readonly excerpt: string
}

/** A problem before its line is shown. */
export type FoundProblem = Omit<CheckProblem, 'excerpt'>
