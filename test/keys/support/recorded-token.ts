import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { bytesOfText, textOfUtf8 } from '../../../src/core/binary-text.ts'
import { parseJwt, type Jwt } from '../../../src/core/jwt.ts'
import { algorithmNamed } from '../../../src/keys/algorithms.ts'

/** The moment the tokens of these tests were recorded. */
export const RECORDED_AT_MS = 1_700_000_000_000

export interface TokenTexts {
  /** JSON text, as UTF-8 string. */
  readonly header: string
  readonly payload: string
  /** Signs the recording; without one the signature is four bytes of nothing. */
  readonly key?: KeyObject
}

/** A token as a recording has it, spelled exactly as given. */
export function recordedToken({ header, payload, key }: TokenTexts): Jwt {
  const encode = (text: string): string => bytesOfText(textOfUtf8(text)).toString('base64url')
  const signingInput = `${encode(header)}.${encode(payload)}`
  const { alg } = JSON.parse(header) as { alg: string }
  const algorithm = algorithmNamed(alg)
  const signature =
    key === undefined || algorithm === undefined
      ? Buffer.alloc(4)
      : algorithm.signSync(Buffer.from(signingInput), key)
  return aJwt(`${signingInput}.${alg === 'none' ? '' : Buffer.from(signature).toString('base64url')}`)
}

export function aJwt(token: string): Jwt {
  const jwt = parseJwt(token)
  assert.ok(jwt !== undefined, 'the test made no JWT')
  return jwt
}

/** A token of this alg with members in a spelling that JSON.stringify would not give back. */
export function oddToken(alg: string, key?: KeyObject): Jwt {
  return recordedToken({
    header: `{ "typ":"JWT",\t"alg" : "${alg}", "kid":"k\\u0065y 1" , "x-n":1e2}`,
    payload: ODD_PAYLOAD,
    ...(key === undefined ? {} : { key }),
  })
}

const ODD_PAYLOAD =
  '{"sub" : "1" ,"iat":1699999940, "big":12345678901234567890, "exp": 1700000540,"é":"\\u00e9/\\/", "d":1.0,"dup":1,"dup":2 }\n'

/** {@link oddToken}'s payload, 1000 s after the recording. */
export const ODD_PAYLOAD_LATER = ODD_PAYLOAD.replace('1699999940', '1700000940').replace(
  '1700000540',
  '1700001540',
)

export const LATER_MS = RECORDED_AT_MS + 1_000_999
