/** The targets of the newest requests, as bytes, by the requests' numbers from 1. */
export interface TargetRing {
  /** Numbers come in their order, without gaps. @param target each character one byte */
  write(number: number, target: string): void
  /** Of one of the newest requests. */
  read(number: number): string
}

/** Targets one behind the other. */
interface Side {
  bytes: Buffer
  /** Where each ends, by place. */
  readonly ends: Uint32Array
}

const FIRST_BYTES = 16 * 1024

/**
 * As many targets as there are places go to one side, and then as many to the other, which begins anew. So those that
 * still count are never written over, however long they are, and memory is asked for only where a side was never so long.
 */
export function targetRing(places: number): TargetRing {
  const even = createSide(places)
  const odd = createSide(places)
  const sideOf = (number: number): Side => (Math.floor(number / places) % 2 === 0 ? even : odd)
  return {
    write(number, target) {
      const side = sideOf(number)
      const place = number % places
      const from = beginOf(side, place)
      const end = from + target.length
      if (end > side.bytes.length) lengthen(side, end)
      side.bytes.write(target, from, 'latin1')
      side.ends[place] = end
    },
    read(number) {
      const side = sideOf(number)
      const place = number % places
      return side.bytes.toString('latin1', beginOf(side, place), side.ends[place])
    },
  }
}

function createSide(places: number): Side {
  return { bytes: Buffer.allocUnsafeSlow(FIRST_BYTES), ends: new Uint32Array(places) }
}

function beginOf({ ends }: Side, place: number): number {
  return place === 0 ? 0 : (ends[place - 1] ?? 0)
}

function lengthen(side: Side, bytes: number): void {
  const longer = Buffer.allocUnsafeSlow(Math.max(bytes, side.bytes.length * 2))
  longer.set(side.bytes)
  side.bytes = longer
}
