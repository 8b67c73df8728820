import { matchSettings } from '../../src/app/match-rules.ts'
import { DEFAULT_RULES, type MatchRules } from '../../src/match/match-rules.ts'
import { oneRule } from '../../src/match/rule-book.ts'
import type { MatchSettings } from '../../src/respond/matcher.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'

/** Match settings as a document without `match` has them, and whatever the test says. */
export function aMatch(
  settings: Partial<MatchSettings> & { readonly rules?: Partial<MatchRules> } = {},
): MatchSettings {
  const { rules, ...rest } = settings
  const book = oneRule({ ...DEFAULT_RULES, ...rules })
  return { book, session: { by: 'none' }, subject: 'prefer', authorize: false, missStatus: 404, ...rest }
}

/** Match settings as a transform document's `match:` gives them. @param yaml the whole document */
export function matchOf(yaml: string): MatchSettings {
  return matchSettings(parseTransformDocument(yaml, 'match.yaml').match)
}
