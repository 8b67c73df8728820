import type { PairId } from '../core/pair.ts'
import type { ReplayedWrites } from './replayed-writes.ts'
import type { Write, WriteHistory } from './write-history.ts'

/** The recorded answers of one state, and how many writes made it. */
export type StateReads =
  | { readonly reads: readonly PairId[]; readonly size: number }
  /** Every recorded answer came after a write that this client has not driven; the first such write. */
  | { readonly waitsFor: PairId }

/**
 * Of all recorded answers of one question, those of the newest state that a client has brought about: every write
 * that was in force when they were recorded has been replayed and is in force. Of several states that with most
 * writes, then the latest. Recorded sessions are worlds apart; of several, the first that comes as far.
 * @param reads in recorded order, at least one
 */
export function causalReads(
  reads: readonly PairId[],
  path: string,
  history: WriteHistory,
  replayed: ReplayedWrites,
): StateReads {
  const worlds = Map.groupBy(reads, (read) => history.worldOf(read))
  let best: StateReads | undefined
  for (const [world, own] of worlds) {
    const state = readsOfState(own, history.bearingOn(world, path), replayed)
    const further = 'reads' in state && (best === undefined || !('reads' in best) || state.size > best.size)
    if (best === undefined || further) best = state
  }
  return best ?? { reads, size: 0 }
}

/** @param writes those that bear on the question, in recorded order */
function readsOfState(
  reads: readonly PairId[],
  writes: readonly Write[],
  replayed: ReplayedWrites,
): StateReads {
  const inForce = new Set<Write>()
  const missing = new Set<Write>()
  let next = 0
  let best: { readonly size: number; readonly reads: PairId[] } | undefined
  let waitsFor: PairId | undefined

  let current: PairId[] | undefined
  for (const read of reads) {
    const before = next
    for (let write = writes[next]; write !== undefined && write.pair < read; write = writes[next]) {
      for (const voided of write.voids) {
        inForce.delete(voided)
        missing.delete(voided)
      }
      inForce.add(write)
      if (!replayed.has(write.pair)) missing.add(write)
      next += 1
    }
    if (current !== undefined && next === before) {
      current.push(read)
      continue
    }
    current = [read]
    if (missing.size === 0) {
      if (best === undefined || inForce.size >= best.size) best = { size: inForce.size, reads: current }
    } else waitsFor ??= missing.values().next().value?.pair
  }
  return best === undefined ? { waitsFor: waitsFor ?? 0 } : best
}
