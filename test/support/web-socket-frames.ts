import type { TapEntry } from './tap-log.ts'
import type { WebSocketFrame } from '../../src/core/exchange.ts'

/** Frames as tests read and write them: `client text hello`, `server close 1000`, `client text+ part`. */
export function shortFrames(frames: TapEntry['frames']): readonly string[] {
  return frames.map(({ from, fin, opcode, payload }) => {
    const bytes = Buffer.from(payload)
    const text = opcode === 8 && bytes.length >= 2 ? `${bytes.readUInt16BE()}` : bytes.toString('latin1')
    return `${from} ${KINDS[opcode] ?? opcode}${fin ? '' : '+'}${text === '' ? '' : ` ${text}`}`
  })
}

/** The inverse of {@link shortFrames}; each frame comes 10 ms after the one before. */
export function framesOf(short: readonly string[]): readonly WebSocketFrame[] {
  return short.map((line, index) => {
    const [from, kind = '', ...rest] = line.split(' ')
    const text = rest.join(' ')
    const opcode = KINDS.indexOf(kind.replace('+', ''))
    const payload = opcode === 8 && text !== '' ? closeBytes(Number(text)) : Buffer.from(text, 'latin1')
    return {
      from: from === 'client' ? 'client' : 'server',
      fin: !kind.endsWith('+'),
      opcode,
      payload: new Uint8Array(payload),
      atMs: (index + 1) * 10,
    }
  })
}

const KINDS = ['more', 'text', 'binary', '', '', '', '', '', 'close', 'ping', 'pong']

function closeBytes(code: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(code)
  return bytes
}
