import { createHash, createHmac, type BinaryToTextEncoding } from 'node:crypto'
import { z } from 'zod'
import { bytesOfText, utf8OfText, textOfUtf8 } from '../../core/binary-text.ts'
import { mapLive } from '../message/live.ts'
import { mutatorRow } from '../steps/step-row.ts'

const ALGORITHM = z
  .enum(['sha256', 'sha384', 'sha512', 'sha1', 'md5'])
  .default('sha256')
  .describe('Hash function.')
const ENCODING = z
  .enum(['hex', 'base64', 'base64url'])
  .default('hex')
  .describe('How its bytes are written.') satisfies z.ZodType<BinaryToTextEncoding>

const HASH_OPTIONS = z
  .strictObject({ algorithm: ALGORITHM, encoding: ENCODING })
  .describe('Puts the hash of the value in its place.')

/** `hash`: puts the hash of the value. */
export const HASH = mutatorRow(
  'hash',
  HASH_OPTIONS,
  { shorthand: 'algorithm' },
  ({ algorithm, encoding }) => ({
    mutate: (focus) => {
      focus.put((value) =>
        mapLive(value, (text) => createHash(algorithm).update(bytesOfText(text)).digest(encoding)),
      )
      return undefined
    },
  }),
)

const HMAC_OPTIONS = z
  .strictObject({
    secretPath: z
      .string()
      .min(1, 'must not be empty')
      .describe('File of the key in the secrets directory; a line end at its end is left out.')
      .meta({ examples: ['webhooks/key'] }),
    algorithm: ALGORITHM,
    encoding: ENCODING,
  })
  .describe('Puts the HMAC of the value in its place.')

/** `hmac`: puts the HMAC of the value (RFC 2104). */
export const HMAC = mutatorRow(
  'hmac',
  HMAC_OPTIONS,
  { shorthand: 'secretPath' },
  ({ secretPath, algorithm, encoding }, { secrets }) => {
    const key = Buffer.from(
      Buffer.from(secrets.read(secretPath).bytes)
        .toString('latin1')
        .replace(/\r?\n$/, ''),
      'latin1',
    )
    return {
      mutate: (focus) => {
        focus.put((value) =>
          mapLive(value, (text) => createHmac(algorithm, key).update(bytesOfText(text)).digest(encoding)),
        )
        return undefined
      },
    }
  },
)

const MASK_OPTIONS = z
  .strictObject({
    keep: z
      .int('must be a whole number')
      .min(0, 'must be 0 or more')
      .max(1000)
      .default(0)
      .describe('Characters at the end that stay.')
      .meta({ examples: [4] }),
    with: z
      .string()
      .length(1, 'must be one character')
      .default('*')
      .describe('What stands for each other character.'),
  })
  .describe('Puts a sign for each letter and digit; what is between them stays.')

/** `mask`: puts a sign for each letter and digit. */
export const MASK = mutatorRow('mask', MASK_OPTIONS, { shorthand: 'keep' }, ({ keep, with: sign }) => ({
  mutate: (focus) => {
    focus.put((value) =>
      mapLive(value, (text) => {
        const characters = Array.from(utf8OfText(text))
        const masked = characters.map((character, index) =>
          index >= characters.length - keep || !/[\p{L}\p{N}]/u.test(character) ? character : sign,
        )
        return textOfUtf8(masked.join(''))
      }),
    )
    return undefined
  },
}))
