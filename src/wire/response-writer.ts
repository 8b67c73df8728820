import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { HttpResponse } from '../core/exchange.ts'
import { deliver } from './delivered-response.ts'
import { fieldsFor, isBodiless } from './prepared-head.ts'
import { preparedResponse, type PreparedResponse } from './prepared-response.ts'
import { streamResponse } from './streamed-response.ts'
import { addTrailers } from './trailers.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)

/**
 * Writes whole responses; what can be computed once is kept with those that say they come again.
 * A promise is given only for a response that is not simply written.
 * @param held told of a response whose connection stays open without an end
 */
export function responseWriter(
  held: (response: ServerResponse) => void,
): (whole: HttpResponse, response: ServerResponse) => Promise<void> | undefined {
  /** Writes the head; whether content follows it. */
  const begin = (whole: HttpResponse, { head }: PreparedResponse, response: ServerResponse): boolean => {
    const { req: request } = response
    const http10 = request.httpVersion === '1.0'
    const fields = fieldsFor(head, whole, request.method ?? 'GET', http10)
    response.sendDate = false
    if (whole.delivery?.untilClose === true) response.useChunkedEncodingByDefault = false
    // Node does not change the array; its type does not say so.
    response.writeHead(whole.status, reasonOf(whole), fields as string[])
    if (request.method === 'HEAD' || isBodiless(whole.status)) return false
    if (head.chunked && !http10) addTrailers(response, whole.trailers)
    return true
  }
  return (whole, response) => {
    const { body, delivery, interim, stream } = whole
    const ready = preparedResponse(whole)
    if (stream !== undefined) return streamResponse(response, stream, () => begin(whole, ready, response))
    const { pieces, text } = ready
    if (delivery !== undefined || interim !== undefined || pieces !== undefined) {
      return deliver(response, {
        delivery,
        interim: interim?.filter(({ status }) => status !== 100),
        pieces,
        begin: () => (begin(whole, ready, response) ? body : NO_BYTES),
        held: () => held(response),
      })
    }
    if (!begin(whole, ready, response)) response.end()
    else if (text === undefined) response.end(body)
    else response.end(text, 'latin1')
    return undefined
  }
}

/** HTTP/2 has no reason phrase, and HTTP/1.1 has one that says something. */
function reasonOf({ status, reason, httpVersion }: HttpResponse): string {
  return reason === '' && httpVersion === '2' ? (STATUS_CODES[status] ?? '') : reason
}
