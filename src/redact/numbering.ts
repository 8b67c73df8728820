import { createHash } from 'node:crypto'
import { placeholder } from '../core/placeholder.ts'
import type { PairId } from '../core/pair.ts'

/** Gives each secret of a recording its number. */
export interface Numbering {
  placeholder(name: string, value: string, pair: { readonly id: PairId }): string
}

/** Secrets that are remembered; older ones would get another number when they come again. */
const REMEMBERED_SECRETS = 100_000
/** Longer secrets are remembered by their hash, in memory only. */
const LONGEST_REMEMBERED = 128

/**
 * The number of a secret is that of the pair it was first seen in, `7`, and `7-2` for the second one there: so that a
 * recording that is continued goes on counting without knowing what came before. Nothing of it is kept in a file.
 */
export function createNumbering(): Numbering {
  const numbers = new Map<string, string>()
  let last: { id: PairId; count: number } = { id: 0, count: 0 }
  const nextNumber = (id: PairId): string => {
    last = { id, count: last.id === id ? last.count + 1 : 1 }
    return last.count === 1 ? String(id) : `${id}-${last.count}`
  }
  return {
    placeholder: (name, value, { id }) => {
      const key =
        value.length <= LONGEST_REMEMBERED ? value : createHash('sha256').update(value).digest('base64')
      const known = numbers.get(key)
      if (known !== undefined) return placeholder(name, known)
      const number = nextNumber(id)
      numbers.set(key, number)
      if (numbers.size > REMEMBERED_SECRETS) {
        const [oldest] = numbers.keys()
        if (oldest !== undefined) numbers.delete(oldest)
      }
      return placeholder(name, number)
    },
  }
}
