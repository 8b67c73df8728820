import { setImmediate as nextTurn } from 'node:timers/promises'

/** Long work that stops wherever other work may be done meanwhile, every millisecond or so. */
export type Sliced<T> = Generator<void, T>

/** Long enough that pauses cost little, short enough that a request that comes meanwhile does not notice. */
const SLICE_MS = 10

/** Does the work from beginning to end while everything else waits. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/**
 * Does the work a slice at a time; between slices the event loop does what has come up.
 * @param signal abandons the work at the end of a slice
 * @param sliceMs how long other work may have to wait; default 10
 * @throws what the work throws, and the signal's reason
 */
export async function inSlices<T>(work: Sliced<T>, signal?: AbortSignal, sliceMs = SLICE_MS): Promise<T> {
  let end = performance.now() + sliceMs
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() < end) continue
    await nextTurn()
    signal?.throwIfAborted()
    end = performance.now() + sliceMs
  }
}
