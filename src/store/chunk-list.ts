import type { ContentChunk } from '../core/exchange.ts'

/**
 * The pieces of a body in one BLOB: for each the bytes it adds and the microseconds since the one before, both as
 * unsigned LEB128 (DWARF 5 §7.6), so a piece takes 3 to 6 bytes. Times are kept to the microsecond.
 * @param chunks in order; what {@link chunksFault} refuses has no such form
 */
export function encodeChunks(chunks: readonly ContentChunk[]): Uint8Array {
  const bytes: number[] = []
  let endBytes = 0
  let atUs = 0
  for (const chunk of chunks) {
    const us = microseconds(chunk.atMs)
    pushNumber(bytes, chunk.endBytes - endBytes)
    pushNumber(bytes, us - atUs)
    endBytes = chunk.endBytes
    atUs = us
  }
  return Uint8Array.from(bytes)
}

/** The inverse of {@link encodeChunks}; undefined for bytes that it does not make. */
export function decodeChunks(bytes: Uint8Array): readonly ContentChunk[] | undefined {
  const chunks: ContentChunk[] = []
  let endBytes = 0
  let atUs = 0
  for (let at = 0; at < bytes.length;) {
    const added = readNumber(bytes, at)
    const later = added && readNumber(bytes, added.next)
    if (added === undefined || later === undefined) return undefined
    endBytes += added.value
    atUs += later.value
    chunks.push({ endBytes, atMs: atUs / 1000 })
    at = later.next
  }
  const sound = chunks.length > 0 && chunksFault(chunks) === undefined
  return sound && Buffer.compare(encodeChunks(chunks), bytes) === 0 ? chunks : undefined
}

/** What pieces cannot say, as words that follow "cannot be used:"; undefined for sound ones. */
export function chunksFault(chunks: readonly ContentChunk[]): string | undefined {
  let last = { endBytes: 0, us: 0 }
  for (const { endBytes, atMs } of chunks) {
    const us = microseconds(atMs)
    const follows = endBytes > last.endBytes && us >= last.us
    if (!follows || !Number.isSafeInteger(endBytes) || !Number.isSafeInteger(us)) {
      return 'the pieces of its response do not follow one another'
    }
    last = { endBytes, us }
  }
  return undefined
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000)
}

/** Seven bits a byte, the lowest first; arithmetic and not shifts, which end at 32 bits. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

function readNumber(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0
  let scale = 1
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    value += (byte % 128) * scale
    if (!Number.isSafeInteger(value)) return undefined
    if (byte < 128) return { value, next: at + 1 }
    scale *= 128
  }
  return undefined
}
