/** Looked at so many times, to be sure that nothing came between two looks. */
const LOOKS = 32

/**
 * Turns what `performance.now()` gives into milliseconds of the machine's monotonic clock, which all processes share, so
 * that what happened in several of them can be put in order.
 */
export function machineClock(): (performanceMs: number) => number {
  let best = { apartMs: Infinity, offsetMs: 0 }
  for (let look = 0; look < LOOKS; look += 1) {
    const before = performance.now()
    const machineMs = Number(process.hrtime.bigint()) / 1e6
    const after = performance.now()
    if (after - before < best.apartMs)
      best = { apartMs: after - before, offsetMs: machineMs - (before + after) / 2 }
  }
  return (performanceMs) => performanceMs + best.offsetMs
}
