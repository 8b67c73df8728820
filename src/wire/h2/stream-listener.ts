import type { ServerHttp2Stream } from 'node:http2'

/** Takes a request over HTTP/2: as Node's `stream` event gives it, `raw` with name and value in turns. */
export type StreamListener = (
  stream: ServerHttp2Stream,
  parsed: unknown,
  flags: number,
  raw: readonly string[],
) => void
