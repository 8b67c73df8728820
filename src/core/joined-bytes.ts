/** The first so many bytes of all parts, in an array with a buffer of its own, so that whoever gets it may give it away. */
export function joinedBytes(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    if (at >= bytes) break
    whole.set(part.length > bytes - at ? part.subarray(0, bytes - at) : part, at)
    at += part.length
  }
  return whole
}
