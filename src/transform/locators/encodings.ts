import { z } from 'zod'
import { binaryText, bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { decodeBody, encodeBody } from '../../core/body-coding.ts'
import { base64Codec, jsonStringCodec } from '../message/codecs.ts'
import type { Codec } from '../message/codec.ts'
import { percentCodec } from '../message/percent-codec.ts'
import { TRUTH } from '../steps/speedscale-text.ts'
import { locatorRow } from '../steps/step-row.ts'
import { wholeText } from './whole-text.ts'

const BASE64_OPTIONS = z.strictObject({}).describe('Goes into a text in base64; padding is kept as it is.')

/** Speedscale says whether there is padding; what was recorded says so too. */
const SPEEDSCALE_BASE64 = z
  .strictObject({ pad: z.exactOptional(TRUTH).describe('Speedscale: padding; it is kept as recorded.') })
  .transform(() => ({}))

/** `base64`: goes into a text in base64 (RFC 4648 §4). */
export const BASE64 = locatorRow('base64', BASE64_OPTIONS, { config: SPEEDSCALE_BASE64 }, () =>
  wholeText((text) => base64Codec(text, 'base64'), 'not base64'),
)

const BASE64URL_OPTIONS = z
  .strictObject({})
  .describe('Goes into a text in base64url; padding is kept as it is.')

/** `base64url`: goes into a text in base64url (RFC 4648 §5). */
export const BASE64URL_STEP = locatorRow('base64url', BASE64URL_OPTIONS, {}, () =>
  wholeText((text) => base64Codec(text, 'base64url'), 'not base64url'),
)

const URL_DECODE_OPTIONS = z
  .strictObject({
    plus: z
      .boolean()
      .default(false)
      .describe('Whether + is a space, as in forms.')
      .meta({ examples: [true] }),
  })
  .describe('Goes into a percent-encoded text (RFC 3986 §2.1).')

/** `url_decode`: goes into a percent-encoded text. */
export const URL_DECODE = locatorRow('url_decode', URL_DECODE_OPTIONS, {}, ({ plus }) =>
  wholeText((text) => percentCodec(text, plus), 'not percent-encoded'),
)

const JSON_STRING_OPTIONS = z
  .strictObject({})
  .describe('Goes into a JSON string in its quotes, such as a body that is one; json_path undoes its own.')

/** `json_string`: goes into a text that is a JSON string literal (RFC 8259 §7). */
export const JSON_STRING = locatorRow('json_string', JSON_STRING_OPTIONS, {}, () => (focus) => {
  const node = focus.json()
  if (node?.kind !== 'string') return { notFound: 'not a JSON string' }
  const codec = jsonStringCodec(focus.recorded.slice(node.start, node.end))
  const place = focus.inside({ path: `${focus.path} JSON string`, start: node.start, end: node.end, codec })
  return place === undefined ? { notFound: 'it overlaps another step' } : [place]
})

const COMPRESSIONS = ['gzip', 'deflate', 'br', 'zstd'] as const

const GZIP_OPTIONS = z
  .strictObject({
    coding: z
      .enum(COMPRESSIONS)
      .default('gzip')
      .describe('How it was compressed.')
      .meta({ examples: ['deflate'] }),
  })
  .describe('Goes into compressed bytes. A body with Content-Encoding needs no such step.')

/** `gzip`: goes into compressed bytes. */
export const GZIP = locatorRow('gzip', GZIP_OPTIONS, { shorthand: 'coding' }, ({ coding }) => {
  const codec = compression(coding)
  return wholeText(() => codec, `not ${coding}, or too large`)
})

function compression(coding: (typeof COMPRESSIONS)[number]): Codec {
  return {
    name: coding,
    decode: (outer: BinaryText) => {
      const plain = decodeBody([['Content-Encoding', coding]], bytesOfText(outer))
      return plain && binaryText(plain.bytes)
    },
    encode: (inner) => binaryText(encodeBody(bytesOfText(inner), [coding])),
  }
}
