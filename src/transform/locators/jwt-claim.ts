import { z } from 'zod'
import { claimsOf, parseJwt, type Jwt } from '../../core/jwt.ts'
import { memberNode, rootNode } from '../json-path/located-node.ts'
import { BASE64URL } from '../message/codecs.ts'
import { AS_IS } from '../message/codec.ts'
import type { Focus, Span } from '../message/focus.ts'
import type { Locator } from '../steps/step.ts'
import { locatorRow } from '../steps/step-row.ts'
import { jsonSpot } from './json-spot.ts'
import { openSpot } from './text-places.ts'

const CLAIM = z
  .strictObject({
    claim: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the claim (RFC 7519 §4).')
      .meta({ examples: ['act_token', 'nonce'] }),
  })
  .describe('Goes to one claim of a JWT, such as a token inside the token.')

/** `jwt_claim`: goes to one claim of a JWT; what is put there needs a `jwt_resign` to be believed. */
export const JWT_CLAIM = locatorRow(
  'jwt_claim',
  CLAIM,
  { shorthand: 'claim', namesItself: true },
  ({ claim }) => jwtMember(claim, 'claim', payloadOf),
)

/** The claims of the JWT that a place holds, as text. */
export function openPayload(focus: Focus): Focus | undefined {
  return openPart(focus, payloadOf)
}

/** The claims of the JWT that a place holds which are JWTs themselves. */
export function nestedJwts(focus: Focus): readonly Focus[] {
  const start = focus.recorded.lastIndexOf(' ') + 1
  const jwt = parseJwt(focus.recorded.slice(start).trimEnd())
  const names = Object.entries(jwt === undefined ? {} : claimsOf(jwt)).flatMap(([name, value]) =>
    typeof value === 'string' && parseJwt(value) !== undefined ? [name] : [],
  )
  return names.flatMap((name) => {
    const found = jwtMember(name, 'claim', payloadOf)(focus)
    return 'notFound' in found ? [] : found
  })
}

function payloadOf({ token, signingInput }: Jwt): Span {
  return { start: token.indexOf('.') + 1, end: signingInput.length }
}

const HEADER = z
  .strictObject({
    name: z
      .string()
      .min(1, 'must not be empty')
      .describe('Name of the JOSE header parameter (RFC 7515 §4).')
      .meta({ examples: ['kid', 'typ'] }),
  })
  .describe('Goes to one parameter of the JOSE header of a JWT.')

/** `jwt_header`: goes to one JOSE header parameter of a JWT. */
export const JWT_HEADER = locatorRow(
  'jwt_header',
  HEADER,
  { shorthand: 'name', namesItself: true },
  ({ name }) => jwtMember(name, 'header parameter', ({ token }) => ({ start: 0, end: token.indexOf('.') })),
)

function jwtMember(name: string, noun: string, partOf: (jwt: Jwt) => Span): Locator {
  return (focus) => {
    const part = openPart(focus, partOf)
    if (part === undefined) return { notFound: 'not a JWT' }
    const root = part.json()
    const member = root && memberNode(rootNode(root), name)
    if (member === undefined) return { notFound: `the token has no ${noun} ${name}` }
    const label = `${noun} ${name}`
    const place = openSpot(part, { ...jsonSpot(part.recorded, member), label })
    return place === undefined ? { notFound: 'it overlaps another step' } : [place]
  }
}

/** The JSON text of a part of the token, which may stand behind a word such as `Bearer`. */
function openPart(focus: Focus, partOf: (jwt: Jwt) => Span): Focus | undefined {
  const start = focus.recorded.lastIndexOf(' ') + 1
  const jwt = parseJwt(focus.recorded.slice(start).trimEnd())
  if (jwt === undefined) return undefined
  const token = focus.inside({ path: focus.path, start, end: start + jwt.token.length, codec: AS_IS })
  return token?.inside({ path: focus.path, ...partOf(jwt), codec: BASE64URL })
}
