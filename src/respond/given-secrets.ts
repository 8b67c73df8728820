import { binaryText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import type { PairSource } from '../core/pair.ts'
import { placeholderNumbers } from '../core/placeholder.ts'
import type { PairIndex } from './pair-index.ts'
import type { EntryList } from './question.ts'

/** Of more entries than this none are left out: each is read once. */
export const MAX_NARROWED_ENTRIES = 1000

/**
 * Leaves of the entries that ask one question those that were recorded with the secrets which a client got from this
 * replay: a refresh token that a client was given is a placeholder, and tells which refresh comes next. A client's own
 * secrets are none, and stand for their kind.
 */
export type NarrowList = (list: EntryList, request: HttpRequest) => EntryList

export function givenSecrets(index: PairIndex, pairs: PairSource): NarrowList {
  const kept = new WeakMap<EntryList, (numbers: readonly string[]) => EntryList>()
  return (list, request) => {
    const { entries } = list
    if (entries.length === 1 || entries.length > MAX_NARROWED_ENTRIES) return list
    if (!index.isRedacted(entries[0] ?? -1)) return list
    const numbers = numbersIn(request)
    if (numbers.length === 0) return list
    const narrow = kept.get(list) ?? narrowing(list, index, pairs)
    kept.set(list, narrow)
    return narrow(numbers)
  }
}

function narrowing(
  list: EntryList,
  index: PairIndex,
  pairs: PairSource,
): (numbers: readonly string[]) => EntryList {
  const recorded = list.entries.map((entry) => {
    const pair = pairs.pair(index.id(entry))
    return new Set(pair === undefined ? [] : numbersIn(pair.request))
  })
  const made = new Map<string, EntryList>()
  return (numbers) => {
    const entries = list.entries.filter((_, at) => numbers.every((number) => recorded[at]?.has(number)))
    if (entries.length === 0 || entries.length === list.entries.length) return list
    const name = `${list.name} with ${numbers.join(' ')}`
    const narrowed = made.get(name) ?? { name, entries }
    made.set(name, narrowed)
    return narrowed
  }
}

/** Of the target and the content; header fields do not count, as they do not in a question. */
function numbersIn({ target, headers, body }: HttpRequest): readonly string[] {
  const content: BinaryText = body.length === 0 ? '' : binaryText(decodeBody(headers, body)?.bytes ?? body)
  return [...new Set([...placeholderNumbers(target), ...placeholderNumbers(content)])].toSorted()
}
