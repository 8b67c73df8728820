import type { PairTrait } from '../core/pair.ts'
import { ALWAYS_ANSWERED, type MatchRules } from './match-rules.ts'
import { traitsOf } from './told-otherwise.ts'

/** The rules of a replay: one set for every request, or several that go by method, path and backend. */
export interface RuleBook {
  /** @param origin the backend asked, as `https://api.example.com` */
  rulesFor(method: string, path: string, origin: string): MatchRules
  /** Some rules are for some backends only, so that a request that could be for any must be read under each. */
  readonly goesByOrigin: boolean
  /**
   * What a request has at least that may be told from others in another way than without a `match`, whatever follows a
   * last answer; none where all are told apart so, and undefined where any may be.
   */
  readonly otherwise: readonly PairTrait[] | undefined
  /** Some answers are given at the listeners of other backends too. */
  readonly goesAcross: boolean
  /** Some request goes by its header fields as well. */
  readonly goesByHeaders: boolean
  /** A question that was recorded once is answered every time, whatever came before. */
  readonly onceIsAlways: boolean
  /** Some request goes by the writes before it. */
  readonly causal: boolean
}

/** The same rules for every request. */
export function oneRule(rules: MatchRules): RuleBook {
  const { headers, sequence } = rules
  return {
    rulesFor: () => rules,
    goesByOrigin: false,
    goesAcross: false,
    otherwise: traitsOf([{ rules }]),
    goesByHeaders: headers.length > 0,
    onceIsAlways: ALWAYS_ANSWERED.has(sequence),
    causal: sequence === 'causal',
  }
}
