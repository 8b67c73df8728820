import type { EpochMs } from '../core/time.ts'

/** Values by key, each until a moment, and never more than a number of them: the oldest one makes room. */
export interface BoundedStore<V> {
  /** The value, unless its time is over. */
  get(key: string, now: EpochMs): V | undefined
  set(key: string, value: V, until: EpochMs): void
  delete(key: string): void
  clear(): void
}

/** @param most how many values are kept */
export function boundedStore<V>(most: number): BoundedStore<V> {
  const entries = new Map<string, { readonly value: V; readonly until: EpochMs }>()
  return {
    get(key, now) {
      const entry = entries.get(key)
      if (entry === undefined || entry.until > now) return entry?.value
      entries.delete(key)
      return undefined
    },
    set(key, value, until) {
      entries.delete(key)
      entries.set(key, { value, until })
      if (entries.size <= most) return
      const [oldest] = entries.keys()
      if (oldest !== undefined) entries.delete(oldest)
    },
    delete: (key) => {
      entries.delete(key)
    },
    clear: () => entries.clear(),
  }
}
