import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ContentStream } from '../core/exchange.ts'

/** A client that has not taken what it was sent for so long is cut. */
const STUCK_MS = 30_000

/**
 * Writes content as it comes to be. The next piece is asked for when the one before fits into the connection, so that a
 * slow client holds no more memory than a fast one.
 * @param begin writes the head; whether content follows it
 */
export async function streamResponse(
  response: ServerResponse,
  stream: ContentStream,
  begin: () => boolean,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  if (!begin()) {
    response.end()
    return
  }
  response.flushHeaders()
  try {
    for await (const piece of stream(gone.signal)) {
      if (gone.signal.aborted) return
      if (!response.write(piece)) await taken(response, gone.signal)
    }
    response.end()
  } catch (error) {
    // Whatever fails once the client has gone fails because of that.
    if (!gone.signal.aborted) throw error
  }
}

async function taken(response: ServerResponse, gone: AbortSignal): Promise<void> {
  const patience = setTimeout(() => response.destroy(), STUCK_MS).unref()
  try {
    await once(response, 'drain', { signal: gone })
  } finally {
    clearTimeout(patience)
  }
}
