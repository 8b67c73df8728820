/**
 * Header fields in wire order, case and repeats kept (RFC 9110 §5.3). Every character of a name or value stands
 * for one byte on the wire (latin-1), as Node's parser delivers them.
 */
export type RawHeaders = readonly (readonly [name: string, value: string])[]

/** From Node's flat `[name, value, name, value, …]`. */
export function rawHeadersFromFlat(flat: readonly string[]): RawHeaders {
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) headers.push([flat[at] ?? '', flat[at + 1] ?? ''])
  return headers
}

/** The first value of a field, or undefined; names compare without case. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase()
  // Lengths before letters: heads are asked for a dozen fields that they do not have.
  for (const [candidate, value] of headers) {
    if (candidate.length === wanted.length && candidate.toLowerCase() === wanted) return value
  }
  return undefined
}

/** Every value of a field, in wire order. */
export function headerValues(headers: RawHeaders, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  const values: string[] = []
  for (const [candidate, value] of headers) {
    if (candidate.length === wanted.length && candidate.toLowerCase() === wanted) values.push(value)
  }
  return values
}

/** The same headers without the fields of these names. */
export function withoutHeaders(headers: RawHeaders, names: ReadonlySet<string>): RawHeaders {
  return headers.filter(([name]) => !names.has(name.toLowerCase()))
}

/** Replaces the value of a field in its place, keeping the spelling of its name; a missing field stays missing. */
export function replaceHeader(headers: RawHeaders, name: string, value: string): RawHeaders {
  const wanted = name.toLowerCase()
  return headers.map((field) => (field[0].toLowerCase() === wanted ? ([field[0], value] as const) : field))
}

/** Hop-by-hop fields, which end at the next connection (RFC 9110 §7.6.1); `Trailer` and `Host` are end-to-end here. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Names (lower case) of the fields of this message that must not travel further: the fixed list and what `Connection` names. */
export function hopByHopNames(headers: RawHeaders): ReadonlySet<string> {
  const named = headerValues(headers, 'connection').flatMap((value) => value.split(','))
  const more = named.map((name) => name.trim().toLowerCase()).filter((name) => name !== '')
  return more.every((name) => HOP_BY_HOP.has(name)) ? HOP_BY_HOP : new Set([...HOP_BY_HOP, ...more])
}

/** Wire form, `Name: value\r\n` for each field, as latin-1 bytes: what a snapshot stores. */
export function encodeHeaderLines(headers: RawHeaders): Uint8Array {
  return Buffer.from(headers.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1')
}

/** The inverse of {@link encodeHeaderLines}. */
export function decodeHeaderLines(bytes: Uint8Array): RawHeaders {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)] as const
    })
}
