/** One DER element (X.690 §8.1): its tag, and where its content lies in the bytes it was read from. */
export interface DerElement {
  readonly tag: number
  /** Offset of the first content byte. */
  readonly start: number
  /** Offset just past the content, where the next element begins. */
  readonly end: number
}

export const DER_INTEGER = 0x02
export const DER_BIT_STRING = 0x03
export const DER_OBJECT_IDENTIFIER = 0x06
export const DER_SEQUENCE = 0x30

/**
 * The element that begins at this offset (definite lengths up to 4 bytes, single-byte tags).
 * @returns undefined when there is none, or it runs past the end of the bytes
 */
export function derElement(bytes: Uint8Array, at: number): DerElement | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined) return undefined
  if (first < 0x80) return bounded(bytes, { tag, start: at + 2, end: at + 2 + first })
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 4) return undefined
  let length = 0
  for (let index = 0; index < lengthBytes; index += 1) {
    length = length * 256 + (bytes[at + 2 + index] ?? 0)
  }
  const start = at + 2 + lengthBytes
  return bounded(bytes, { tag, start, end: start + length })
}

/** The elements inside a constructed one, in order; those that cannot be read end the list. */
export function derChildren(bytes: Uint8Array, parent: DerElement): readonly DerElement[] {
  const children: DerElement[] = []
  let at = parent.start
  while (at < parent.end) {
    const child = derElement(bytes, at)
    if (child === undefined || child.end > parent.end) break
    children.push(child)
    at = child.end
  }
  return children
}

function bounded(bytes: Uint8Array, element: DerElement): DerElement | undefined {
  return element.end <= bytes.length ? element : undefined
}
