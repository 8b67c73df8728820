import type { Http2Stream } from 'node:http2'
import type { RawHeaders } from '../../core/headers.ts'
import { fieldObject } from './h2-head.ts'

/**
 * Sends trailers behind the content of a stream that waits for them; with none, only the end. Node may ask more than
 * once, and takes a second answer for an error, as it does the empty one that it gives itself where nobody listens.
 */
export function sendTrailersAtEnd(stream: Http2Stream, trailers: () => RawHeaders): void {
  let sent = false
  stream.on('wantTrailers', () => {
    if (!sent) stream.sendTrailers(fieldObject(trailers()))
    sent = true
  })
}
