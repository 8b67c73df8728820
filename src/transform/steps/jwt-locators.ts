import { memberOf } from '../../core/json.ts'
import { findJwts, parseJwt } from '../../core/jwt.ts'
import { BASE64URL, jsonStringCodec } from '../message/codecs.ts'
import { AS_IS } from '../message/focus.ts'
import type { Locator } from './step.ts'

/** Finds a claim of the JWT that the place holds; what is put there needs a `jwt_resign` to be believed. */
export function jwtClaimLocator(claim: string): Locator {
  return (focus) => {
    const start = focus.recorded.lastIndexOf(' ') + 1
    const jwt = parseJwt(focus.recorded.slice(start).trimEnd())
    if (jwt === undefined) return { notFound: 'not a JWT' }
    const firstDot = jwt.token.indexOf('.')
    const token = focus.inside({ path: focus.path, start, end: start + jwt.token.length, codec: AS_IS })
    const payload = token?.inside({
      path: `${focus.path} payload`,
      start: firstDot + 1,
      end: jwt.signingInput.length,
      codec: BASE64URL,
    })
    const node = memberOf(payload?.json(), claim)
    if (payload === undefined || node === undefined) return { notFound: `the token has no claim ${claim}` }
    const place = payload.inside({
      path: `${focus.path} claim ${claim}`,
      start: node.start,
      end: node.end,
      codec: node.kind === 'string' ? jsonStringCodec(payload.recorded.slice(node.start, node.end)) : AS_IS,
    })
    return place === undefined ? { notFound: 'overlaps another step' } : [place]
  }
}

/** Finds every JWT in a text, wherever it stands, by its JOSE header. */
export function findJwtLocator(): Locator {
  return (focus) => {
    const places = findJwts(focus.recorded).flatMap(
      ({ start, end }) =>
        focus.inside({ path: `${focus.path} JWT at ${start}`, start, end, codec: AS_IS }) ?? [],
    )
    return places.length === 0 ? { notFound: 'no JWT in it' } : places
  }
}
