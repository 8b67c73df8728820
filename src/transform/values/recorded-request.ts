import { bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import type { HttpRequest } from '../../core/exchange.ts'
import { requestMessage } from '../message/request-message.ts'
import { bodySpelling, fieldSpelling } from './place-spelling.ts'
import { SPELLINGS, type Spelling } from './spellings.ts'
import type { ClientVariables, Variables } from './variables.ts'

/**
 * Gives a live request as it would have been recorded: where it has a value that was learnt, what was recorded in its
 * place. The request itself where it has none.
 * @param client whose requests it was learnt from; undefined for all who have no name
 */
export type RecordedRequest = (request: HttpRequest, client: object | undefined) => HttpRequest

export function recordedRequests(variables: ClientVariables): RecordedRequest {
  return (request, client) => {
    const known = variables(client)
    return known.isMapping ? withRecorded(request, known) : request
  }
}

function withRecorded(request: HttpRequest, { recordedIn }: Variables): HttpRequest {
  const target = recordedIn(request.target, SPELLINGS.url)
  const body = recordedBody(request, recordedIn)
  const fields = request.headers.map(
    ([name, value]) => [name, recordedIn(value, fieldSpelling(name))] as const,
  )
  const isSame = fields.every(([, value], index) => value === request.headers[index]?.[1])
  if (isSame && target === request.target && body === undefined) return request
  // Its content is compared as what it says, without the coding it came in.
  const headers = body === undefined ? fields : fields.filter(([name]) => !/^content-encoding$/i.test(name))
  return { ...request, target, headers, body: body ?? request.body }
}

/** @returns undefined where nothing that was learnt is in it */
function recordedBody(
  request: HttpRequest,
  recordedIn: (text: BinaryText, own: Spelling) => BinaryText,
): Uint8Array | undefined {
  const body = request.body.length === 0 ? undefined : requestMessage(request).body()
  if (body === undefined) return undefined
  const text = recordedIn(body.recorded, bodySpelling(request.headers, body))
  return text === body.recorded ? undefined : bytesOfText(text)
}
