import { bytesOfText } from '../../core/binary-text.ts'
/** Says whether a text fits a pattern. */
export type Glob = (text: string) => boolean

/**
 * A path pattern: `*` stands for any characters but `/`, `**` as a whole segment for any number of segments, `{name}` as
 * a whole segment for any one, `?` for one character but `/`. Runs in time proportional to pattern × text, whatever they
 * hold.
 */
export function pathGlob(pattern: string): Glob {
  const wanted = pattern.split('/').map((segment) => (PARAMETER.test(segment) ? '*' : segment))
  return (path) => segmentsFit(wanted, path.split('/'))
}

/** A segment of a path template, `{id}`. */
const PARAMETER = /^\{[^{}/]+\}$/

/** A pattern for text without structure (a host): `*` stands for any characters, `?` for one; case does not count. */
export function textGlob(pattern: string): Glob {
  const wanted = pattern.toLowerCase()
  return (text) => textFits(wanted, text.toLowerCase())
}

function segmentsFit(pattern: readonly string[], segments: readonly string[]): boolean {
  return greedyFit(
    pattern.length,
    segments.length,
    (at) => pattern[at] === '**',
    (at, place) => textFits(pattern[at] ?? '', segments[place] ?? ''),
  )
}

function textFits(pattern: string, text: string): boolean {
  return greedyFit(
    pattern.length,
    text.length,
    (at) => pattern[at] === '*',
    (at, place) => pattern[at] === '?' || pattern[at] === text[place],
  )
}

/** Matches from the left and, after a mismatch, lets the last wildcard take one item more; no other way back is needed. */
function greedyFit(
  patternLength: number,
  length: number,
  isWildcard: (at: number) => boolean,
  fits: (at: number, place: number) => boolean,
): boolean {
  let at = 0
  let place = 0
  let wildcard = -1
  let resume = 0
  while (place < length) {
    if (at < patternLength && isWildcard(at)) {
      wildcard = at
      resume = place
      at += 1
    } else if (at < patternLength && fits(at, place)) {
      at += 1
      place += 1
    } else if (wildcard !== -1) {
      at = wildcard + 1
      resume += 1
      place = resume
    } else return false
  }
  while (at < patternLength && isWildcard(at)) at += 1
  return at === patternLength
}

/** What every path has that fits a glob; empty for what cannot be in one. */
export function literalStart(glob: string): string {
  const segments = glob.split('/')
  const wild = segments.findIndex((segment) => /[*?{]/.test(segment))
  const start = (wild === -1 ? segments : segments.slice(0, wild)).join('/')
  return bytesOfText(start).toString('latin1') === start ? start : ''
}
