import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { errorBody, errorHeaders } from '../../core/error-answer.ts'
import type { HttpResponse } from '../../core/exchange.ts'
import { rawHeadersFromFlat } from '../../core/headers.ts'
import { asksForWebSocket } from '../../core/web-socket-request.ts'
import { handshakeAnswer } from './handshake.ts'
import { playWebSocket } from './player.ts'
import { switchHead } from './switch.ts'

/**
 * Answers a request with a recorded 101, and plays what was said then. A client that asks for no WebSocket gets 426
 * (RFC 9110 §15.5.22).
 * @param hold as in `Connections`
 */
export async function replaySwitch(
  { headers, reason, frames = [], delivery = {} }: HttpResponse,
  response: ServerResponse,
  hold: (client: Duplex, leave: () => void) => void,
): Promise<void> {
  const { req: request, socket } = response
  const asked = rawHeadersFromFlat(request.rawHeaders)
  if (socket === null || !asksForWebSocket({ method: request.method ?? '', headers: asked })) {
    requireUpgrade(response)
    return
  }
  const { pace, headAtMs = 0, cut } = delivery
  if (pace !== undefined) await wait(headAtMs / pace)
  if (socket.destroyed) return
  response.detachSocket(socket)
  const fields = handshakeAnswer(headers, asked)
  socket.write(switchHead(reason, fields), 'latin1')
  const ends = cut === 'hold' ? undefined : cut
  hold(socket, playWebSocket(socket, { frames, headAtMs, pace, cut: ends }))
}

function requireUpgrade(response: ServerResponse): void {
  const body = errorBody({
    code: 'USAGE',
    message: 'What was recorded for this request is a WebSocket',
    hint: 'Ask for it with Upgrade: websocket, over HTTP/1.1.',
  })
  const fields = [...errorHeaders(body).flat(), 'Upgrade', 'websocket', 'Connection', 'Upgrade']
  response.writeHead(426, STATUS_CODES[426], fields)
  response.end(body)
}
