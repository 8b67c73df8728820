import type { PairId, RRPair } from '../core/pair.ts'
import { isPlaceholder } from '../core/placeholder.ts'
import { rewritePair } from './redactor.ts'
import type { RedactRules } from './rules.ts'

/** A secret that a pair still holds. */
export interface LiveSecret {
  readonly pair: PairId
  /** `request header Authorization`, `response body`. */
  readonly where: string
  /** What a placeholder would call it, or `signature RS256`. */
  readonly kind: string
}

/** Every place of a pair that holds what looks like a secret somebody could use; never the secret itself. */
export function liveSecrets(pair: RRPair, rules: RedactRules): readonly LiveSecret[] {
  const found = new Map<string, LiveSecret>()
  let where = ''
  const note = (kind: string): undefined => {
    found.set(`${where}\n${kind}`, { pair: pair.id, where, kind })
  }
  rewritePair(
    pair,
    rules,
    {
      value: (name, value) => (isPlaceholder(value) || !looksLive(name, value) ? undefined : note(name)),
      signature: (alg) => note(alg === '' ? 'encrypted token' : `signature ${alg}`),
    },
    (place) => {
      where = place
    },
  )
  return [...found.values()]
}

/** A cookie may be a choice of colour; a session's is long and of many kinds of characters. */
function looksLive(name: string, value: string): boolean {
  return name !== 'cookie' || (value.length >= 16 && new Set(value).size >= 8)
}
