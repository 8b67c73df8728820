import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpRequest } from '../core/exchange.ts'

/** Lets the requests of one connection be handled in the order they came, though the content of one may still come. */
export interface RequestTurns {
  /** Handled at once, or behind the requests of this connection that still wait for their content. */
  take(request: HttpRequest, response: ServerResponse): void
  /** Keeps a place for a request that waits for its content; the function returned fills it. */
  wait(response: ServerResponse): (request: HttpRequest) => void
}

interface Place {
  readonly response: ServerResponse
  /** Undefined while the content comes. */
  request: HttpRequest | undefined
}

/** @param handle a request whose turn it is */
export function requestTurns(handle: (request: HttpRequest, response: ServerResponse) => void): RequestTurns {
  const lines = new WeakMap<Duplex, Place[]>()
  const advance = (socket: Duplex, line: Place[]): void => {
    for (let first = line[0]; first?.request !== undefined; first = line[0]) {
      line.shift()
      if (line.length === 0) lines.delete(socket)
      handle(first.request, first.response)
    }
  }
  return {
    take(request, response) {
      const line = lines.get(response.req.socket)
      if (line === undefined) handle(request, response)
      else line.push({ request, response })
    },
    wait(response) {
      const { socket } = response.req
      const line = lines.get(socket) ?? []
      lines.set(socket, line)
      const place: Place = { request: undefined, response }
      line.push(place)
      return (request) => {
        place.request = request
        advance(socket, line)
      }
    },
  }
}
