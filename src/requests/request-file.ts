import { ResealError } from '../core/errors.ts'
import { curlRequests } from './curl-file.ts'
import type { FiledRequest } from './filed-request.ts'
import { harRequests } from './har-file.ts'
import { rawRequests } from './raw-file.ts'

/**
 * Reads requests that a file holds: a HAR document, curl command lines, or one request as HTTP/1.1 writes it. Which
 * of them it is, its beginning says.
 * @param name of the file, for messages
 * @throws ResealError REQUESTS_INVALID
 */
export function readRequests(bytes: Uint8Array, name: string): readonly FiledRequest[] {
  const beginning = Buffer.from(bytes.subarray(0, 4096)).toString('latin1').trimStart()
  const requests = readerFor(beginning)(bytes, name)
  if (requests.length > 0) return requests
  throw new ResealError('REQUESTS_INVALID', `${name} holds no request`, {
    hint: 'Give it a request as HTTP writes it, a HAR document, or curl command lines.',
  })
}

function readerFor(beginning: string): (bytes: Uint8Array, name: string) => readonly FiledRequest[] {
  if (beginning.startsWith('{') || beginning.startsWith('\xef\xbb\xbf{')) return harRequests
  return /^(?:#|\$ )?\s*curl(?:\.exe)?\s/m.test(beginning) ? curlRequests : rawRequests
}
