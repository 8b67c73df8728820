import type Database from 'better-sqlite3'
import { binaryText } from '../core/binary-text.ts'
import type { HttpResponse, InterimResponse, WebSocketFrame } from '../core/exchange.ts'
import type { PairId } from '../core/pair.ts'
import type { BodyReader, BodyWriter } from './body-table.ts'
import { passageFault } from './passage-fault.ts'
import { columnsOf, unusablePair, type Columns, type Row } from './row-columns.ts'
import { headerBytes, textBytes, unwritablePair } from './wire-bytes.ts'

/** What of a response has rows of its own. */
export type PassageRows = Pick<HttpResponse, 'interim' | 'frames'>

/**
 * Judges what came before a response and what followed a 101, and gives what writes it; undefined where nothing did.
 * @throws ResealError SNAPSHOT_WRITE for what a reader would refuse
 */
export type PassageWriter = (id: PairId, passage: PassageRows) => (() => void) | undefined

export interface PassageReader {
  /** A part that says nothing is left out. @throws ResealError SNAPSHOT_INVALID for what no recording can hold */
  get(id: PairId): PassageRows
}

const SENDERS: readonly WebSocketFrame['from'][] = ['client', 'server']

/** @param bodies holds the payloads, so that one of any size has rows of a bounded one */
export function passageWriter(db: Database.Database, bodies: BodyWriter): PassageWriter {
  const addInterim = db.prepare<[PairId, number, number, number, Buffer, Uint8Array]>(
    'INSERT INTO interim (pair_id, seq, at_ms, status, reason, headers) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const addFrame = db.prepare<[PairId, number, number, string, number, number, number | null]>(
    'INSERT INTO frame (pair_id, seq, at_ms, sender, fin, opcode, body_id) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  return (id, { interim = [], frames = [] }) => {
    const fault = passageFault({ interim, frames })
    if (fault !== undefined) throw unwritablePair(id, fault)
    if (interim.length === 0 && frames.length === 0) return undefined
    const rows = interim.map(({ atMs, status, reason, headers }, seq) => {
      const words = textBytes(id, 'reason phrase', reason)
      return [id, seq, atMs, status, words, headerBytes(id, 'interim headers', headers)] as const
    })
    return () => {
      for (const row of rows) addInterim.run(...row)
      for (const [seq, { atMs, from, fin, opcode, payload }] of frames.entries()) {
        addFrame.run(id, seq, atMs, from, Number(fin), opcode, bodies.put(payload))
      }
    }
  }
}

/** @param file named in errors */
export function passageReader(db: Database.Database, file: string, bodies: BodyReader): PassageReader {
  const interimOf = db.prepare<[PairId], Row>(
    'SELECT seq, at_ms, status, reason, headers AS interim_headers FROM interim WHERE pair_id = ? ORDER BY seq',
  )
  const framesOf = db.prepare<[PairId], Row>(
    'SELECT seq, at_ms, sender, fin, opcode, body_id FROM frame WHERE pair_id = ? ORDER BY seq',
  )
  return {
    get(id) {
      const rows = <T>(found: readonly Row[], parse: (columns: Columns) => T): readonly T[] =>
        found.map((row, seq) => {
          const columns = columnsOf(row, (fault) => unusablePair(id, file, fault))
          if (columns.number('seq') === seq) return parse(columns)
          throw unusablePair(id, file, `a row of its passage is missing before ${columns.number('seq')}`)
        })
      const interim = rows(interimOf.all(id), parseInterim)
      const frames = rows(framesOf.all(id), (columns) => parseFrame(columns, bodies))
      const fault = passageFault({ interim, frames })
      if (fault !== undefined) throw unusablePair(id, file, fault)
      return { ...(interim.length > 0 ? { interim } : {}), ...(frames.length > 0 ? { frames } : {}) }
    },
  }
}

function parseInterim(columns: Columns): InterimResponse {
  return {
    status: columns.number('status'),
    reason: binaryText(columns.bytes('reason')),
    headers: columns.fields('interim_headers'),
    atMs: columns.number('at_ms'),
  }
}

function parseFrame(columns: Columns, bodies: BodyReader): WebSocketFrame {
  return {
    from: columns.oneOf('sender', SENDERS),
    fin: columns.number('fin') === 1,
    opcode: columns.number('opcode'),
    payload: bodies.get(columns.optionalNumber('body_id') ?? null),
    atMs: columns.number('at_ms'),
  }
}
