import type { ExchangeTap, RequestHead, ResponseHead, WebSocketFrame } from '../../src/core/exchange.ts'
import type { RawHeaders } from '../../src/core/headers.ts'
import type { Route } from '../../src/core/pair.ts'

/** What a tap was told of one exchange. */
export interface TapEntry {
  readonly head: RequestHead
  readonly route: Route | undefined
  requestBody: string
  requestTrailers: RawHeaders | undefined
  /** 1xx responses. */
  readonly interim: ResponseHead[]
  readonly frames: Omit<WebSocketFrame, 'atMs'>[]
  framesLost: string | undefined
  response: ResponseHead | undefined
  responseBody: string
  responseTrailers: RawHeaders | undefined
  failed: readonly [outcome: string, error: string] | undefined
  /** The calls' names in order, repeats of data left out. */
  readonly calls: string[]
  /** Resolves when the exchange's response has ended or it has failed. */
  readonly over: Promise<void>
}

export interface TapLog {
  readonly entries: TapEntry[]
  readonly tap: (head: RequestHead, route?: Route) => ExchangeTap
}

/** @param hold what `responseEnd` returns */
export function tapLog(hold?: () => Promise<void>): TapLog {
  const entries: TapEntry[] = []
  return {
    entries,
    tap(head, route) {
      const over = Promise.withResolvers<void>()
      const entry: TapEntry = {
        head,
        route,
        requestBody: '',
        requestTrailers: undefined,
        interim: [],
        frames: [],
        framesLost: undefined,
        response: undefined,
        responseBody: '',
        responseTrailers: undefined,
        failed: undefined,
        calls: [],
        over: over.promise,
      }
      entries.push(entry)
      const called = (name: string): void => {
        if (entry.calls.at(-1) !== name) entry.calls.push(name)
      }
      return {
        requestData(chunk) {
          called('requestData')
          entry.requestBody += Buffer.from(chunk).toString('latin1')
        },
        requestEnd(trailers) {
          called('requestEnd')
          entry.requestTrailers = trailers
        },
        interim(response) {
          called('interim')
          entry.interim.push(response)
        },
        frame(frame) {
          called('frame')
          entry.frames.push({ ...frame, payload: new Uint8Array(frame.payload) })
        },
        framesLost(why) {
          called('framesLost')
          entry.framesLost = why
        },
        responseHead(response) {
          called('responseHead')
          entry.response = response
        },
        responseData(chunk) {
          called('responseData')
          entry.responseBody += Buffer.from(chunk).toString('latin1')
        },
        responseEnd(trailers) {
          called('responseEnd')
          entry.responseTrailers = trailers
          over.resolve()
          return hold?.()
        },
        failed(outcome, error) {
          called('failed')
          entry.failed = [outcome, error]
          over.resolve()
        },
      }
    },
  }
}
