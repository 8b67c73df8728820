import { createHash } from 'node:crypto'
import { headerValue, replaceHeader, withoutHeaders, type RawHeaders } from './headers.ts'

type Digest = (body: Uint8Array, recorded: string, before: Uint8Array) => string

/** Fields that speak of the body's bytes, and what they say of a new one. */
const BODY_FIELDS: readonly (readonly [name: string, value: Digest])[] = [
  [
    'Content-Length',
    (body, recorded, before) => String(body.length + Math.max(0, (Number(recorded) || 0) - before.length)),
  ],
  [
    'ETag',
    (body, recorded) =>
      `${recorded.startsWith('W/') ? 'W/' : ''}"${hash('sha256', body, 'base64url').slice(0, 27)}"`,
  ],
  ['Content-MD5', (body) => hash('md5', body, 'base64')],
  ['Digest', (body, recorded) => digestList(recorded, (algorithm) => hash(algorithm, body, 'base64'))],
  [
    'Content-Digest',
    (body, recorded) => digestList(recorded, (algorithm) => `:${hash(algorithm, body, 'base64')}:`),
  ],
  [
    'Repr-Digest',
    (body, recorded) => digestList(recorded, (algorithm) => `:${hash(algorithm, body, 'base64')}:`),
  ],
]

/**
 * Makes the fields that were true of the recorded body true of the new one (RFC 9110 §8.6, §8.8.3; RFC 9530).
 * @param before the recorded one: where it was cut off, the new length promises what was missing as well
 */
export function followBody(headers: RawHeaders, body: Uint8Array, before: Uint8Array): RawHeaders {
  return BODY_FIELDS.reduce((fields, [name, value]) => {
    const recorded = headerValue(fields, name)
    if (recorded === undefined) return fields
    const next = value(body, recorded, before)
    return next === ''
      ? withoutHeaders(fields, new Set([name.toLowerCase()]))
      : replaceHeader(fields, name, next)
  }, headers)
}

const DIGEST_ALGORITHMS: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha: 'sha1',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-512': 'sha512',
}

/** Each `algorithm=value` anew; a digest reseal cannot make is left out, since it would be false. */
function digestList(recorded: string, digest: (algorithm: string) => string): string {
  return recorded
    .split(',')
    .map((part) => part.trim().split('=')[0] ?? '')
    .flatMap((label) => {
      const algorithm = DIGEST_ALGORITHMS[label.toLowerCase()]
      return algorithm === undefined ? [] : [`${label}=${digest(algorithm)}`]
    })
    .join(', ')
}

function hash(algorithm: string, body: Uint8Array, encoding: 'base64' | 'base64url'): string {
  return createHash(algorithm).update(body).digest(encoding)
}
