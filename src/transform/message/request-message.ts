import { binaryText } from '../../core/binary-text.ts'
import { decodeBody } from '../../core/body-coding.ts'
import type { HttpRequest } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'
import { createFocus, type Focus } from './focus.ts'

/** A request, recorded or live, whose parts are read as places; nothing is ever put there. */
export interface RequestMessage {
  readonly request: HttpRequest
  /** The content with its codings undone; undefined when they cannot be. */
  body(): Focus | undefined
  /** Each field of this name, in wire order. */
  header(name: string): readonly Focus[]
  /** Each trailer field of this name, in wire order. */
  trailer(name: string): readonly Focus[]
  /** The request target. */
  target(): Focus
}

/** Opens a request for reading; each part is opened when it is first asked for. */
export function requestMessage(request: HttpRequest): RequestMessage {
  let body: { readonly focus: Focus | undefined } | undefined
  let target: Focus | undefined
  return {
    request,
    body: () => (body ??= { focus: openBody(request) }).focus,
    header: (name) => fieldsOf(request.headers, name, 'header'),
    trailer: (name) => fieldsOf(request.trailers, name, 'trailer'),
    target: () => (target ??= createFocus('request target', request.target)),
  }
}

/** Where the client has reached the server. */
export function originOf({ request }: RequestMessage): string {
  return `${request.scheme}://${request.authority}`
}

function fieldsOf(fields: RawHeaders, name: string, what: string): readonly Focus[] {
  const wanted = name.toLowerCase()
  return fields
    .filter(([other]) => other.toLowerCase() === wanted)
    .map(([other, value]) => createFocus(`request ${what} ${other}`, value))
}

function openBody({ headers, body }: HttpRequest): Focus | undefined {
  const plain = decodeBody(headers, body)
  return plain && createFocus('request body', binaryText(plain.bytes))
}
