import type { BinaryText } from '../../core/binary-text.ts'

/** How a text is spelt: one piece after the other, each for some characters of the value. */
export interface Spelling {
  /** Matches one piece of the written text, sticky. */
  readonly piece: RegExp
  /** What a piece stands for. */
  valueOf(piece: BinaryText): BinaryText
  /** Writes a value anew. */
  spell(value: BinaryText): BinaryText
}

/**
 * Writes a value, keeping as many of the recorded pieces as fit at its beginning and its end, so that a token spliced
 * into a longer text moves no other byte.
 */
export function respelt(recorded: BinaryText, value: BinaryText, spelling: Spelling): BinaryText {
  const pieces = recorded.match(new RegExp(spelling.piece, 'gs')) ?? []
  const values = pieces.map((piece) => spelling.valueOf(piece))
  let [first, from] = [0, 0]
  for (; first < values.length && value.startsWith(values[first] ?? '', from); first += 1) {
    from += values[first]?.length ?? 0
  }
  let [last, to] = [values.length, value.length]
  for (; last > first && to - (values[last - 1]?.length ?? 0) >= from; last -= 1) {
    const piece = values[last - 1] ?? ''
    if (!value.startsWith(piece, to - piece.length)) break
    to -= piece.length
  }
  return pieces.slice(0, first).join('') + spelling.spell(value.slice(from, to)) + pieces.slice(last).join('')
}
