import type { Http2Stream } from 'node:http2'

/**
 * Tells whether the peer itself has ended its side of a stream (END_STREAM, RFC 9113 §5.1); to be called while the
 * stream begins. Node ends the readable side for a RST_STREAM of NO_ERROR as well, and what came so far then looks whole.
 */
export function watchEndOfStream(stream: Http2Stream): () => boolean {
  let ended = false
  const push = stream.push.bind(stream)
  stream.push = (chunk, encoding) => {
    // By a reset the stream is closed before, by END_STREAM only afterwards.
    if (chunk === null) ended ||= !stream.closed
    return push(chunk, encoding)
  }
  return () => ended
}
