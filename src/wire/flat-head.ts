import { binaryText } from '../core/binary-text.ts'
import type { RawHeaders } from '../core/headers.ts'

/**
 * Header fields in the flat form that node:http writes in order, case and repeats unchanged.
 *
 * Node has one surprise left: when a `Content-Length` other than 0 stands before `Content-Disposition`, it reads
 * the latter's bytes as UTF-8, which changes them or is refused. Encoding them once more comes out as they were.
 */
export function flatHead(headers: RawHeaders): string[] {
  const flat: string[] = []
  let lengthSeen = false
  for (const [name, value] of headers) {
    const lower = name.length === 14 || name.length === 19 ? name.toLowerCase() : ''
    flat.push(name, lower === 'content-disposition' && lengthSeen ? binaryText(Buffer.from(value)) : value)
    if (lower === 'content-length') lengthSeen = Number(value) > 0
  }
  return flat
}
