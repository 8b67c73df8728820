import type { BinaryText } from '../../core/binary-text.ts'

/** How a text is spelt: every character stands for itself but for escapes. */
export interface Spelling {
  /** Matches each escape of the written text, global. */
  readonly escape: RegExp
  /** What an escape stands for. */
  valueOf(escape: BinaryText): BinaryText
  /** Writes a value anew. */
  spell(value: BinaryText): BinaryText
}

/** A run of characters that stand for themselves, or one escape. */
interface Piece {
  readonly text: BinaryText
  readonly value: BinaryText
  readonly isRun: boolean
}

/** The value of a written text. */
export function spelledValue(recorded: BinaryText, spelling: Spelling): BinaryText {
  return piecesOf(recorded, spelling)
    .map(({ value }) => value)
    .join('')
}

/**
 * Writes a value, keeping as much of the recorded spelling as fits at its beginning and its end, so that a token spliced
 * into a longer text moves no other byte.
 */
export function respelt(recorded: BinaryText, value: BinaryText, spelling: Spelling): BinaryText {
  const pieces = piecesOf(recorded, spelling)
  const start = commonStart(pieces, value)
  const end = commonEnd(pieces, value, start)
  return start.text + spelling.spell(value.slice(start.length, value.length - end.length)) + end.text
}

function piecesOf(recorded: BinaryText, { escape, valueOf }: Spelling): readonly Piece[] {
  const pieces: Piece[] = []
  const pushRun = (text: BinaryText): void => {
    if (text !== '') pieces.push({ text, value: text, isRun: true })
  }
  let done = 0
  for (const { index, 0: text } of recorded.matchAll(escape)) {
    pushRun(recorded.slice(done, index))
    pieces.push({ text, value: valueOf(text), isRun: false })
    done = index + text.length
  }
  pushRun(recorded.slice(done))
  return pieces
}

interface Kept {
  /** The recorded spelling that is kept. */
  readonly text: BinaryText
  /** How much of the value it stands for. */
  readonly length: number
  /** Whole pieces that are kept, and how much of the run next to them. */
  readonly pieces: number
  readonly ofRun: number
}

function commonStart(pieces: readonly Piece[], value: BinaryText): Kept {
  let length = 0
  let count = 0
  for (const piece of pieces) {
    if (!value.startsWith(piece.value, length)) {
      const ofRun = piece.isRun ? sameAtStart(piece.value, value, length) : 0
      const text = textOf(pieces.slice(0, count)) + piece.text.slice(0, ofRun)
      return { text, length: length + ofRun, pieces: count, ofRun }
    }
    length += piece.value.length
    count += 1
  }
  return { text: textOf(pieces), length, pieces: count, ofRun: 0 }
}

/** What the start has kept is not kept again. */
function commonEnd(pieces: readonly Piece[], value: BinaryText, start: Kept): Kept {
  let to = value.length
  let count = 0
  for (let at = pieces.length - 1; at >= start.pieces; at -= 1) {
    const piece = pieces[at]
    if (piece === undefined) break
    const left = at === start.pieces ? piece.value.slice(start.ofRun) : piece.value
    const fits = to - left.length >= start.length && value.startsWith(left, to - left.length)
    if (!fits || left.length < piece.value.length) {
      const ofRun = piece.isRun ? sameAtEnd(left, value, to, start.length) : 0
      const kept = piece.text.slice(piece.text.length - ofRun)
      return {
        text: kept + textOf(pieces.slice(at + 1)),
        length: value.length - to + ofRun,
        pieces: count,
        ofRun,
      }
    }
    to -= left.length
    count += 1
  }
  return {
    text: textOf(pieces.slice(pieces.length - count)),
    length: value.length - to,
    pieces: count,
    ofRun: 0,
  }
}

function textOf(pieces: readonly Piece[]): BinaryText {
  return pieces.map(({ text }) => text).join('')
}

function sameAtStart(run: BinaryText, value: BinaryText, from: number): number {
  let same = 0
  while (same < run.length && run[same] === value[from + same]) same += 1
  return same
}

function sameAtEnd(run: BinaryText, value: BinaryText, to: number, from: number): number {
  let same = 0
  while (same < run.length && to - same > from && run[run.length - 1 - same] === value[to - 1 - same])
    same += 1
  return same
}
