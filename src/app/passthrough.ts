import type { ExchangeTap, HttpResponse } from '../core/exchange.ts'
import type { RelayOptions } from '../wire/relays.ts'
import type { UpstreamOptions } from '../wire/upstream.ts'

/** The marks of a response that is not the recording's. */
export const MARKS = [['X-Reseal-Passthrough', '1']] as const

/** How requests pass to their backends that nobody records. */
export function passthrough(options: Omit<UpstreamOptions, 'target'>): RelayOptions {
  return { ...options, marks: MARKS, tap: () => UNWATCHED }
}

/**
 * A response that is the backend's.
 * @param onStatus told its status once it has passed; 0 where the client got none
 */
export function passage(target: string, onStatus: (status: number) => void = () => {}): HttpResponse {
  const { promise: status, resolve } = Promise.withResolvers<number>()
  const answered = (given: number): void => {
    resolve(given)
    onStatus(given)
  }
  return { ...NO_ANSWER_YET, delivery: { relay: { target, status, answered } } }
}

const NO_ANSWER_YET = {
  status: 0,
  reason: '',
  httpVersion: '1.1',
  headers: [],
  body: new Uint8Array(),
  trailers: [],
}

const UNWATCHED: ExchangeTap = {
  requestData() {},
  requestEnd() {},
  interim() {},
  responseHead() {},
  responseData() {},
  frame() {},
  framesLost() {},
  responseEnd: () => undefined,
  failed() {},
}
