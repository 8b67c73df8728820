import { isDeepStrictEqual } from 'node:util'
import type { ValueKind } from '../core/value-kind.ts'
import type { JsonPattern } from './json-pattern.ts'
import type { PathTemplates } from './path-template.ts'

/** What counts when requests of one kind are compared, ready to use. */
export interface MatchRules {
  /** Names of query parameters that do not count. */
  readonly ignoreQuery: ReadonlySet<string>
  /** Names of form fields that do not count. */
  readonly ignoreForm: ReadonlySet<string>
  /** Names of multipart parts that do not count. */
  readonly ignoreParts: ReadonlySet<string>
  /** Places in JSON that do not count, in whole bodies and in parts of a multipart body. */
  readonly ignoreJson: readonly JsonPattern[]
  /** Paths of which some segments do not count. */
  readonly paths: PathTemplates
  /** Values of these kinds are all the same. */
  readonly kinds: readonly ValueKind[]
  /** Header fields that count besides, in lower case and sorted. */
  readonly headers: readonly string[]
  /** What follows the last of several recorded answers. */
  readonly sequence: SequenceEnd
}

/** After the last recorded answer: it again, the first again, nothing; or the answer that fits the writes so far. */
export type SequenceEnd = 'last' | 'loop' | 'once' | 'causal'

/** The rules of a replay: one set for every request, or several that go by method, path and backend. */
export interface RuleBook {
  /** @param origin the backend asked, as `https://api.example.com` */
  rulesFor(method: string, path: string, origin: string): MatchRules
  /** Some rules are for some backends only, so that a request that could be for any must be read under each. */
  readonly goesByOrigin: boolean
  /** Requests are told apart as without a `match`, whatever follows a last answer. */
  readonly isDefault: boolean
  /** Some request goes by its header fields as well. */
  readonly goesByHeaders: boolean
  /** A question that was recorded once is answered every time, whatever came before. */
  readonly onceIsAlways: boolean
  /** Some request goes by the writes before it. */
  readonly causal: boolean
}

/** What tells one client of a replay from another. */
export type SessionRule =
  | { readonly by: 'none' | 'connection' }
  | { readonly by: 'cookie' | 'header' | 'jwt'; readonly name: string }

/** Whether an answer recorded for the same subject goes first, alone, or like any other. */
export type SubjectRule = 'prefer' | 'require' | 'ignore'

/** Everything counts but header fields. */
export const DEFAULT_RULES: MatchRules = {
  ignoreQuery: new Set(),
  ignoreForm: new Set(),
  ignoreParts: new Set(),
  ignoreJson: [],
  paths: new Map(),
  kinds: [],
  headers: [],
  sequence: 'last',
}

/** The same rules for every request. */
export function oneRule(rules: MatchRules): RuleBook {
  const { headers, sequence } = rules
  return {
    rulesFor: () => rules,
    goesByOrigin: false,
    isDefault: tellsAsByDefault(rules),
    goesByHeaders: headers.length > 0,
    onceIsAlways: ALWAYS_ANSWERED.has(sequence),
    causal: sequence === 'causal',
  }
}

/** Whether two requests are the same by these rules exactly when they are by {@link DEFAULT_RULES}. */
export function tellsAsByDefault(rules: MatchRules): boolean {
  return isDeepStrictEqual({ ...rules, sequence: DEFAULT_RULES.sequence }, DEFAULT_RULES)
}

/** Ends by which the only answer is given again. */
export const ALWAYS_ANSWERED: ReadonlySet<SequenceEnd> = new Set(['last', 'loop'])
