import type { SourcePlace } from './errors.ts'

/** Columns of a source line that an excerpt shows; JSON documents are often one very long line. */
const WIDTH = 96

/**
 * The source line of a place with a caret under its column, two lines ready to print. What looks like a secret, a
 * key or a token in the line is starred out, since excerpts end in terminals and logs.
 */
export function sourceExcerpt(source: string, place: SourcePlace): string {
  const line = starSecrets(source.split('\n', place.line).at(-1)?.replace(/\r$/, '') ?? '')
  const column = Math.min(place.column - 1, line.length)
  const from = Math.max(0, Math.min(column - WIDTH / 2, line.length - WIDTH))
  const shown = line.slice(from, from + WIDTH).replaceAll('\t', ' ')
  const before = from > 0 ? '…' : ''
  const after = from + WIDTH < line.length ? '…' : ''
  const margin = String(place.line)
  const caret = ' '.repeat(column - from + before.length) + '^'
  return `${margin} | ${before}${shown}${after}\n${' '.repeat(margin.length)} | ${caret}`
}

/**
 * A value under a key that names a secret, a PEM block, the beginning of a JWS. All run in time proportional to the
 * line, which may be a megabyte long.
 */
const SECRETS = [
  /(?<name>\b(?:secret|passphrase|password|private_?key|key|token|hmac)["']?\s{0,8}:\s{0,8})(?<value>"[^"]*"?|'[^']*'?|[^\s,}\]]+)/gi,
  /(?<name>-----BEGIN )(?<value>.*)/g,
  /(?<name>)(?<value>\be[wy][A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*)/g,
]

function starSecrets(line: string): string {
  const star = (_: string, name: string, value: string): string => name + '*'.repeat(value.length)
  return SECRETS.reduce((text, secret) => text.replace(secret, star), line)
}
