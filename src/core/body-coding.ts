import * as zlib from 'node:zlib'
import { headerValues, type RawHeaders } from './headers.ts'

/** Decoded bodies are refused past this size, so that a small coded body cannot fill the memory. */
export const MAX_DECODED_BYTES = 256 * 1024 * 1024

export interface DecodeLimits {
  /** @default MAX_DECODED_BYTES */
  readonly maxBytes?: number
  /** What was cut off is decoded as far as it goes. @default false */
  readonly cutOff?: boolean
}

interface Coding {
  readonly decode: (bytes: Uint8Array, limits: DecodeLimits) => Buffer
  readonly encode: (bytes: Uint8Array) => Buffer
}

/** Content codings by name (RFC 9110 §8.4.1, RFC 7932, RFC 8878). */
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gzipCoding()],
  ['x-gzip', gzipCoding()],
  ['deflate', { decode: inflateEither, encode: (bytes) => zlib.deflateSync(bytes) }],
  [
    'br',
    {
      decode: (bytes, limits) =>
        zlib.brotliDecompressSync(bytes, options(limits, zlib.constants.BROTLI_OPERATION_FLUSH)),
      encode: (bytes) =>
        zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
    },
  ],
  [
    'zstd',
    {
      decode: (bytes, limits) => zlib.zstdDecompressSync(bytes, options(limits, zlib.constants.ZSTD_e_flush)),
      encode: (bytes) => zlib.zstdCompressSync(bytes),
    },
  ],
])

export interface DecodedBody {
  readonly bytes: Uint8Array
  /** The codings that were undone, in the order they had been applied. */
  readonly codings: readonly string[]
}

/**
 * Undoes the content codings that the headers name.
 * @returns undefined when a coding is unknown, the bytes are not in it, or the result is too long
 */
export function decodeBody(
  headers: RawHeaders,
  body: Uint8Array,
  limits: DecodeLimits = {},
): DecodedBody | undefined {
  const codings = contentCodings(headers)
  if (codings.length === 0 || body.length === 0) return { bytes: body, codings: [] }
  let bytes: Uint8Array = body
  for (const name of codings.toReversed()) {
    const coding = CODINGS.get(name)
    if (coding === undefined) return undefined
    try {
      bytes = coding.decode(bytes, limits)
    } catch {
      // Wrongly labelled, cut off or too large once decoded: such a body can only be kept as it is.
      return undefined
    }
  }
  return { bytes, codings }
}

/** Applies content codings in order; the inverse of {@link decodeBody} up to the compressor's choices. */
export function encodeBody(bytes: Uint8Array, codings: readonly string[]): Uint8Array {
  return codings.reduce((coded: Uint8Array, name) => CODINGS.get(name)?.encode(coded) ?? coded, bytes)
}

function contentCodings(headers: RawHeaders): readonly string[] {
  return headerValues(headers, 'content-encoding')
    .flatMap((value) => value.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
}

function gzipCoding(): Coding {
  return {
    decode: (bytes, limits) => zlib.gunzipSync(bytes, options(limits, zlib.constants.Z_SYNC_FLUSH)),
    encode: (bytes) => zlib.gzipSync(bytes),
  }
}

/** `deflate` means zlib (RFC 9110 §8.4.1.2), but some servers send the raw stream. */
function inflateEither(bytes: Uint8Array, limits: DecodeLimits): Buffer {
  const first = bytes[0] ?? 0
  const inflate = (first & 0x0f) === 8 ? zlib.inflateSync : zlib.inflateRawSync
  return inflate(bytes, options(limits, zlib.constants.Z_SYNC_FLUSH))
}

function options({ maxBytes = MAX_DECODED_BYTES, cutOff = false }: DecodeLimits, flush: number) {
  return { maxOutputLength: maxBytes, ...(cutOff ? { finishFlush: flush } : {}) }
}
