import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ExchangeTap } from '../../core/exchange.ts'
import { brokenOffMessage } from '../../core/upstream-failure.ts'
import type { Ending } from '../ending.ts'
import { closePayload, frameBytes } from './frame-bytes.ts'
import { CLOSE } from './frame-reader.ts'
import type { FrameWatch } from './frame-watch.ts'
import { resetSocket } from '../reset-socket.ts'

/** A WebSocket on its way through the proxy. */
export interface Tunnel {
  readonly client: Duplex
  readonly upstream: Duplex
  readonly watch: FrameWatch
  readonly tap: ExchangeTap
  readonly ending: Ending
}

/** How long the client may take to answer the close frame of a reseal that stops. */
const LEAVE_MS = 2000
/** The endpoint is going away (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001

/**
 * Relays both directions byte for byte, each no faster than its receiver takes it. The exchange is complete with the
 * closing handshake, or when both sides have ended; what would tell the client so waits for the tap.
 * @returns ends the WebSocket with a closing handshake of reseal's own, where a frame can be put in
 */
export function tunnel({ client, upstream, watch, tap, ending }: Tunnel): () => void {
  const ended = { client: false, upstream: false }
  let leaving = false
  let committed: Promise<void> | undefined
  const complete = (): Promise<void> | undefined => {
    if (ending.end('complete')) committed = tap.responseEnd([])
    return committed
  }

  relay(client, upstream, (chunk) => {
    watch.passed('client', chunk)
    if (!watch.closed()) return leaving ? 'drop' : undefined
    const held = complete()
    if (leaving) after(held, () => client.end())
    return leaving ? 'drop' : held
  })
  relay(upstream, client, (chunk) => {
    if (leaving) return 'drop'
    watch.passed('server', chunk)
    return watch.closed() ? complete() : undefined
  })
  client.once('end', () => {
    ended.client = true
    if (ended.upstream) void complete()
    upstream.end()
  })
  upstream.once('end', () => {
    ended.upstream = true
    // A stream ends while it is paused, and the last chunk may still be held.
    after(ended.client ? complete() : committed, () => client.end())
  })
  client.once('close', () => breakOrEnd(upstream, client))
  upstream.once('close', () => {
    const cut = upstream.errored ? 'reset' : 'close'
    if (!ended.upstream) ending.end('upstream aborted', brokenOffMessage(cut, 'it reset the connection'))
    after(committed, () => breakOrEnd(client, upstream))
  })
  // Told by `close`, which follows.
  client.on('error', () => {})
  upstream.on('error', () => {})

  return () => {
    if (!watch.between() || watch.closedBy('server')) {
      ending.end('client aborted', 'reseal was stopped before it ended')
      client.destroy()
      return
    }
    leaving = true
    const payload = closePayload(GOING_AWAY, 'reseal stops')
    const frame = { fin: true, opcode: CLOSE, payload }
    client.write(frameBytes(frame))
    upstream.end(frameBytes(frame, true))
    watch.passed('server', frameBytes(frame))
    if (watch.closed()) after(complete(), () => client.end())
    const late = setTimeout(() => {
      ending.end('client aborted', 'reseal was stopped before it ended')
      client.destroy()
    }, LEAVE_MS)
    client.once('close', () => clearTimeout(late))
  }
}

/** What a watcher says of a chunk: pass it on, pass it on once a promise settles, or not at all. */
type Verdict = Promise<void> | 'drop' | undefined

function relay(from: Duplex, to: Duplex, judge: (chunk: Uint8Array) => Verdict): void {
  let held = false
  const pass = (chunk: Uint8Array): void => {
    if (to.writable && !to.write(chunk)) from.pause()
  }
  from.on('data', (chunk: Buffer) => {
    const verdict = judge(chunk)
    if (verdict === 'drop') return
    if (verdict === undefined) {
      pass(chunk)
      return
    }
    held = true
    from.pause()
    const release = (): void => {
      held = false
      from.resume()
      pass(chunk)
    }
    after(verdict, release)
  })
  to.on('drain', () => {
    if (!held) from.resume()
  })
}

/** Does something once what is held has been let go, however that went. */
function after(held: Promise<void> | undefined, then: () => void): void {
  if (held === undefined) then()
  else held.then(then, then)
}

/** A side that broke off breaks off the other; one that ended leaves it what is still under way. */
function breakOrEnd(other: Duplex, gone: Duplex): void {
  if (!(other instanceof Socket)) other.destroy()
  else if (gone.readableEnded && !gone.errored) other.destroySoon()
  else resetSocket(other)
}
