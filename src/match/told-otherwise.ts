import type { PairTrait } from '../core/pair.ts'
import { globsOf } from '../core/value-kind.ts'
import type { MatchRules } from './match-rules.ts'
import { literalStartOf } from './path-template.ts'

/** Rules, and what the requests have that they are for. */
export interface RulesFor {
  readonly rules: MatchRules
  /** Left out for every request; a request has to have one of these. */
  readonly among?: readonly PairTrait[]
}

/** More are dearer to ask for than pairs are to look at. */
const MAX_TRAITS = 64

/**
 * What a request has at least that one of these rules may tell from others in another way than no rules would; none
 * where all are told apart alike, undefined where any request may be such a one.
 */
export function traitsOf(all: readonly RulesFor[]): readonly PairTrait[] | undefined {
  const traits = all.flatMap(({ rules, among = [{}] }) =>
    traitsTold(rules).flatMap((told) => among.map((one) => both(one, told))),
  )
  const isAny = traits.some((trait) => Object.keys(trait).length === 0)
  return isAny || traits.length > MAX_TRAITS ? undefined : traits
}

function traitsTold({ headers, kinds, ...rules }: MatchRules): readonly PairTrait[] {
  const globs = globsOf(kinds)
  if (headers.length > 0 || globs === undefined) return [{}]
  const starts = [...rules.paths.values()].flat().map(literalStartOf)
  const inContent = [rules.ignoreForm.size, rules.ignoreParts.size, rules.ignoreJson.length]
  return [
    ...[...rules.ignoreQuery].map((name) => ({ texts: [PLAIN.test(name) ? name : '?'] })),
    ...(rules.methods.size > 0 ? [{ methods: [...rules.methods] }] : []),
    ...starts.map((text) => (text === '' ? {} : { texts: [text] })),
    ...(inContent.some((count) => count > 0) ? [{ content: true as const }] : []),
    ...(globs.length > 0 ? [{ globs }] : []),
  ]
}

/** What has no other spelling but by escapes that nobody needs (RFC 3986 §2.3). */
const PLAIN = /^[A-Za-z0-9._~-]+$/

function both(one: PairTrait, other: PairTrait): PairTrait {
  const texts = [...(one.texts ?? []), ...(other.texts ?? [])]
  return { ...one, ...other, ...(texts.length === 0 ? {} : { texts }) }
}
