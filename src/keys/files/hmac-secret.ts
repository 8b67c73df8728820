import { ResealError } from '../../core/errors.ts'
import { base64Bytes } from './key-text.ts'

/** How the bytes of an HMAC secret are written in its file. */
type SecretEncoding = 'raw' | 'base64' | 'base64url' | 'hex'

/** One way to understand a secret file. */
export interface HmacReading {
  readonly bytes: Uint8Array
  /** For people: `without its last line end`. */
  readonly how: string
}

export interface HmacOptions {
  /** Pins the encoding; without it every reading is tried against the recorded tokens. */
  readonly encoding?: SecretEncoding | undefined
  /** False: a line end at the end of the file belongs to the secret. True: it does not, and is not even tried. */
  readonly trim?: boolean | undefined
}

/**
 * Every way to read an HMAC secret file, each byte string once, the one to take when no token decides first: the
 * file's bytes without one line end, since editors and `echo` put one there.
 * @param name the file's, for the error
 * @throws ResealError KEY_INVALID when the pinned encoding does not fit, or no byte is left
 */
export function hmacReadings(
  file: Uint8Array,
  name: string,
  { encoding, trim }: HmacOptions = {},
): readonly HmacReading[] {
  const plain = encoding === undefined || encoding === 'raw' ? plainReadings(file, trim) : []
  const decoded = DECODINGS.filter(([name]) => (encoding === undefined ? trim !== false : name === encoding))
  const readings = [...plain, ...decoded.flatMap(([name, decode]) => decodedReading(file, name, decode))]
  const distinct = readings.filter(
    ({ bytes }, index) =>
      bytes.length > 0 && readings.findIndex((other) => Buffer.compare(other.bytes, bytes) === 0) === index,
  )
  if (distinct.length === 0) {
    throw new ResealError(
      'KEY_INVALID',
      `The secret "${name}" holds nothing that reads as ${encoding ?? 'a secret'}.`,
      {
        hint: 'Check what is mounted, or write `encoding: raw` to take its bytes as they are.',
      },
    )
  }
  return distinct
}

/** The bytes without one line end, LF or CRLF, where there is one. */
export function withoutLastLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1)
}

type Decode = (text: string) => Uint8Array | undefined

const DECODINGS: readonly (readonly [SecretEncoding, Decode])[] = [
  ['base64', (text) => (/[-_]/.test(text) ? undefined : base64Bytes(text))],
  ['base64url', (text) => (/[+/]/.test(text) ? undefined : base64Bytes(text))],
  ['hex', (text) => (/^(?:[0-9A-Fa-f]{2})+$/.test(text) ? Buffer.from(text, 'hex') : undefined)],
]

function plainReadings(file: Uint8Array, trim: boolean | undefined): readonly HmacReading[] {
  const whole = { bytes: file, how: 'as it is' }
  if (trim === false) return [whole]
  const cut = { bytes: withoutLastLineEnd(file), how: 'without its last line end' }
  return trim === true
    ? [cut]
    : [cut, whole, { bytes: trimmed(file), how: 'without the white space around it' }]
}

function decodedReading(file: Uint8Array, encoding: SecretEncoding, decode: Decode): readonly HmacReading[] {
  const bytes = decode(Buffer.from(trimmed(file)).toString('latin1'))
  return bytes === undefined ? [] : [{ bytes, how: `decoded from ${encoding}` }]
}

/** Without ASCII white space at both ends, and without a byte order mark. */
function trimmed(file: Uint8Array): Uint8Array {
  const text = Buffer.from(file).toString('latin1')
  return Buffer.from(
    text.replace(/^\xef\xbb\xbf/, '').replace(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, ''),
    'latin1',
  )
}
