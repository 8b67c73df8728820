import { binaryText, bytesOfText, type BinaryText } from '../core/binary-text.ts'
import { decodeBody } from '../core/body-coding.ts'
import type { HttpRequest } from '../core/exchange.ts'
import { placeholdersAs } from '../core/placeholder.ts'

/** The number that stands for every secret of a kind. */
export const ANY_NUMBER = '0'

/**
 * A recorded request with each of its placeholders standing for its kind, whatever rules put it there; the same object
 * where target and content have none. Content codings are undone.
 */
export function placeholdersAsClasses(request: HttpRequest): HttpRequest {
  const { headers, body } = request
  const target = placeholdersAs(ANY_NUMBER, request.target)
  const bytes = body.length === 0 ? body : (decodeBody(headers, body)?.bytes ?? body)
  const text: BinaryText = body.length === 0 ? '' : binaryText(bytes)
  const classed = placeholdersAs(ANY_NUMBER, text)
  if (classed === text) return target === request.target ? request : { ...request, target }
  return {
    ...request,
    target,
    headers: headers.filter(([name]) => name.toLowerCase() !== 'content-encoding'),
    body: bytesOfText(classed),
  }
}
