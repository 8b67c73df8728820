import type { ClientRequest, IncomingMessage } from 'node:http'
import type { RequestHead, ResponseHead } from '../../core/exchange.ts'
import { rawHeadersFromFlat } from '../../core/headers.ts'
import { isBodiless } from '../prepared-head.ts'
import { secondTry } from '../second-try.ts'
import { addTrailers } from '../trailers.ts'
import { unsolicitedSwitch } from '../upstream-failure.ts'
import type { Upstream } from '../upstream.ts'
import { asHttp1 } from './h2-head.ts'
import type { AnswerWatch, Outgoing } from './outgoing.ts'

export interface Http1Request {
  readonly upstream: Upstream
  /** As it came over HTTP/2. */
  readonly head: RequestHead
  readonly hasBody: boolean
  /** The client's IP address. */
  readonly client: string
}

/** Sends a request that came over HTTP/2 to an upstream that speaks HTTP/1.1. */
export function http1Outgoing(request: Http1Request, watch: AnswerWatch): Outgoing {
  const { upstream, hasBody, client } = request
  const head = asHttp1(request.head, hasBody)
  let answer: IncomingMessage | undefined
  let over = false
  const failed = (error: Error): void => {
    if (!over) watch.failed(error)
    over = true
  }
  const open = (fresh: boolean): ClientRequest => {
    const outgoing = upstream.open(head, { client, fresh, upgrade: false })
    const mayTryAgain = fresh ? undefined : secondTry(outgoing, { head, hasBody })
    outgoing.on('error', (error) => {
      if (over || answer?.complete === true) return
      if (answer === undefined && mayTryAgain?.(error) === true) {
        current = open(true)
        current.end()
      } else failed(error)
    })
    outgoing.on('information', (info) => watch.interim({ ...headOf(info), status: info.statusCode }))
    outgoing.once('upgrade', (_, socket) => {
      socket.destroy()
      failed(unsolicitedSwitch())
    })
    outgoing.on('drain', () => watch.drained())
    outgoing.once('response', (incoming) => {
      answer = incoming
      const last = head.method === 'HEAD' || isBodiless(incoming.statusCode ?? 0)
      watch.head({ ...headOf(incoming), status: incoming.statusCode ?? 0 }, last)
      incoming.on('data', (chunk: Buffer) => {
        if (!watch.data(chunk)) incoming.pause()
      })
      incoming.once('end', () => {
        if (!over) watch.end(rawHeadersFromFlat(incoming.rawTrailers))
        over = true
      })
      incoming.once('error', failed)
    })
    return outgoing
  }
  let current = open(false)
  return {
    write: (chunk) => current.destroyed || current.writableEnded || current.write(chunk),
    end(trailers) {
      if (current.destroyed || current.writableEnded) return
      if (hasBody) addTrailers(current, trailers)
      current.end()
    },
    resume: () => void answer?.resume(),
    destroy() {
      over = true
      current.destroy()
    },
  }
}

function headOf(message: {
  readonly statusMessage?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}): Omit<ResponseHead, 'status'> {
  return {
    reason: message.statusMessage ?? '',
    httpVersion: message.httpVersion,
    headers: rawHeadersFromFlat(message.rawHeaders),
  }
}
