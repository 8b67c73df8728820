/**
 * Memory for bodies on their way to the disk, lent and given back: to make it anew for each costs the system a page
 * fault for every 4 KiB, and V8 a collection for every few megabytes. Other threads read it where it is.
 */
export interface BodyArena {
  /** So many bytes of any content; from elsewhere when there is no room left. */
  lend(bytes: number): Uint8Array
  /** Takes back what was lent, once; nobody may use it afterwards. */
  takeBack(block: Uint8Array): void
}

/** Bodies of 64 exchanges at 1 MiB; its pages take memory once they were used. */
const ARENA_BYTES = 64 * 1024 * 1024
/** Blocks begin at multiples of this. */
const UNIT_BYTES = 64

interface Hole {
  at: number
  bytes: number
}

/** @param arenaBytes default 64 MiB; what does not fit is memory of its own */
export function createBodyArena(arenaBytes = ARENA_BYTES): BodyArena {
  let memory: SharedArrayBuffer | undefined
  // In order, and never two that touch: with the lowest that fits, what was used last is used again.
  const holes: Hole[] = [{ at: 0, bytes: arenaBytes }]
  return {
    lend(bytes) {
      const wanted = roundUp(bytes)
      const place = bytes === 0 ? -1 : holes.findIndex((hole) => hole.bytes >= wanted)
      const hole = holes[place]
      if (hole === undefined) return new Uint8Array(bytes)
      const { at } = hole
      hole.at += wanted
      hole.bytes -= wanted
      if (hole.bytes === 0) holes.splice(place, 1)
      memory ??= new SharedArrayBuffer(arenaBytes)
      return new Uint8Array(memory, at, bytes)
    },
    takeBack(block) {
      if (memory === undefined || block.buffer !== memory) return
      const at = block.byteOffset
      const bytes = roundUp(block.length)
      const found = holes.findIndex((hole) => hole.at > at)
      const next = found === -1 ? holes.length : found
      const [before, after] = [holes[next - 1], holes[next]]
      const joinsBefore = before !== undefined && before.at + before.bytes === at
      const joinsAfter = after !== undefined && at + bytes === after.at
      if (joinsBefore) before.bytes += bytes + (joinsAfter ? after.bytes : 0)
      else if (joinsAfter) {
        after.at = at
        after.bytes += bytes
      } else holes.splice(next, 0, { at, bytes })
      if (joinsBefore && joinsAfter) holes.splice(next, 1)
    },
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES
}
