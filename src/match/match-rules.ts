import type { ValueKind } from '../core/value-kind.ts'
import type { JsonPattern } from './json-pattern.ts'
import type { PathTemplates } from './path-template.ts'

/** What counts when requests of one kind are compared, ready to use. */
export interface MatchRules {
  /** Methods that are all the same, in capitals. */
  readonly methods: ReadonlySet<string>
  /** Whether what a backend was asked, by its origin, is an answer at the listeners of other backends too. */
  readonly isShared: (origin: string) => boolean
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

/** What tells one client of a replay from another. */
export type SessionRule =
  | { readonly by: 'none' | 'connection' }
  | { readonly by: 'cookie' | 'header' | 'jwt'; readonly name: string }

/** Whether an answer recorded for the same subject goes first, alone, or like any other. */
export type SubjectRule = 'prefer' | 'require' | 'ignore'

/** Everything counts but header fields. */
export const DEFAULT_RULES: MatchRules = {
  methods: new Set(),
  isShared: () => false,
  ignoreQuery: new Set(),
  ignoreForm: new Set(),
  ignoreParts: new Set(),
  ignoreJson: [],
  paths: new Map(),
  kinds: [],
  headers: [],
  sequence: 'last',
}

/** Ends by which the only answer is given again. */
export const ALWAYS_ANSWERED: ReadonlySet<SequenceEnd> = new Set(['last', 'loop'])
