import { headerValues, type RawHeaders } from '../core/headers.ts'
import { refusal, type Refusal } from './refusal.ts'

/** What a client says of itself in the Authorization header. */
export interface BasicCredentials {
  readonly clientId: string
  readonly secret: string
}

/**
 * The client's credentials in the Authorization header, each form-urlencoded before they were joined (RFC 6749
 * §2.3.1).
 * @returns undefined when there is no such header
 */
export function readBasicCredentials(headers: RawHeaders): BasicCredentials | Refusal | undefined {
  const values = headerValues(headers, 'authorization')
  const [value] = values
  if (value === undefined) return undefined
  if (values.length > 1) return refusal('invalid_request', 'There is more than one Authorization header.')
  const encoded = /^basic +([A-Za-z0-9+/_-]*={0,2}) *$/i.exec(value)?.[1]
  if (encoded === undefined) return UNREADABLE
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) return UNREADABLE
  const clientId = formDecoded(text.slice(0, colon))
  const secret = formDecoded(text.slice(colon + 1))
  return clientId === undefined || secret === undefined ? UNREADABLE : { clientId, secret }
}

const UNREADABLE = refusal(
  'invalid_client',
  'The Authorization header does not hold Basic credentials, each form-urlencoded.',
)

function formDecoded(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // Not percent-encoded UTF-8; the client forgot to encode.
    return undefined
  }
}
