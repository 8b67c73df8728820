import type { BinaryText } from '../core/binary-text.ts'
import { spliceText, type Splice } from '../core/json.ts'
import { signatureText, type Substitutes } from './substitutes.ts'

/** Where a compact JWS or JWE may begin: `{` and a quote or white space in base64url. */
const TRIGGER = /e(?:y[AIJ]|w[ok0])/g
const RUN = /[A-Za-z0-9_.-]*/y
/** A JOSE header is not longer, certificates in it included. */
const LONGEST_HEADER = 32 * 1024
/** Places in one part of a run where a header is looked for. */
const TRIES_A_PART = 4
/** A token in the claims of a token in the claims of a token. */
const DEEPEST_TOKEN = 3

/**
 * The signatures of all compact JWSs in a text (RFC 7515 §7.1), detached ones and those cut off included, and the tags
 * of JWEs (RFC 7516 §7.1), without which nobody takes them. Claims that hold tokens are searched as well. Every
 * character is looked at a fixed number of times.
 */
export function tokenSplices(text: BinaryText, substitutes: Substitutes, depth = 0): readonly Splice[] {
  const splices: Splice[] = []
  for (const token of compactTokens(text)) {
    if (depth === 0) substitutes.token?.(text.slice(token.start, token.end))
    const next = signatureText(substitutes, token.alg, text.slice(token.signature, token.end))
    if (next !== undefined) splices.push({ start: token.signature, end: token.end, text: next })
    const claims = depth < DEEPEST_TOKEN ? claimsSplice(text, token, substitutes, depth) : undefined
    if (claims !== undefined) splices.push(claims)
  }
  return splices
}

/** Whether a value is a compact token, or an SD-JWT, which begins with one. */
export function isToken(value: BinaryText): boolean {
  if (!value.startsWith('ey') && !value.startsWith('ew')) return false
  for (const { start, end } of compactTokens(value)) {
    return start === 0 && (end === value.length || value[end] === '~')
  }
  return false
}

/** Whether a text may hold a compact token at all. */
export function mayHoldToken(text: string): boolean {
  TRIGGER.lastIndex = 0
  return TRIGGER.test(text)
}

interface CompactToken {
  readonly start: number
  /** Of the payload; empty for a JWE. */
  readonly payload: readonly [start: number, end: number]
  /** Where the signature or tag begins. */
  readonly signature: number
  readonly end: number
  /** Empty for a JWE. */
  readonly alg: string
}

function* compactTokens(text: BinaryText): Generator<CompactToken> {
  let [at, runEnd, partEnd, tries] = [0, 0, 0, 0]
  for (;;) {
    TRIGGER.lastIndex = at
    const start = TRIGGER.exec(text)?.index
    if (start === undefined) return
    at = start + 1
    if (start >= runEnd) runEnd = endOfRun(text, start)
    if (start >= partEnd) {
      partEnd = endOfPart(text, start, runEnd)
      tries = 0
    }
    if (partEnd === runEnd) at = runEnd
    tries += 1
    if (tries > TRIES_A_PART) at = partEnd
    const token =
      tries > TRIES_A_PART || partEnd === runEnd ? undefined : tokenAt(text, start, partEnd, runEnd)
    if (token === undefined) continue
    yield token
    at = token.end
    partEnd = token.end
  }
}

function endOfRun(text: BinaryText, start: number): number {
  RUN.lastIndex = start
  return start + (RUN.exec(text)?.[0].length ?? 0)
}

function endOfPart(text: BinaryText, start: number, runEnd: number): number {
  // Within the run only: a text of many runs and no dot would be read once for each.
  const dot = text.slice(start, runEnd).indexOf('.')
  return dot === -1 ? runEnd : start + dot
}

function tokenAt(text: BinaryText, start: number, dot: number, runEnd: number): CompactToken | undefined {
  if (dot - start > LONGEST_HEADER) return undefined
  const header = Buffer.from(text.slice(start, dot), 'base64url').toString('latin1')
  const alg = /"alg"\s*:\s*"([^"]*)"/.exec(header)?.[1]
  if (alg === undefined || !header.startsWith('{')) return undefined
  const encrypted = header.includes('"enc"')
  let before = dot
  for (let part = encrypted ? 4 : 2; part > 1; part -= 1) {
    before = endOfPart(text, before + 1, runEnd)
    // What was cut off before its signature cannot be used as it is.
    if (before === runEnd) return undefined
  }
  const end = endOfPart(text, before + 1, runEnd)
  return {
    start,
    payload: encrypted ? [dot, dot] : [dot + 1, before],
    signature: before + 1,
    end,
    alg: encrypted ? '' : alg,
  }
}

/** Placeholders are as long as what they stand for, so the claims keep their length too. */
function claimsSplice(
  text: BinaryText,
  { payload: [start, end] }: CompactToken,
  substitutes: Substitutes,
  depth: number,
): Splice | undefined {
  if (end - start < SHORTEST_NEST) return undefined
  const claims = Buffer.from(text.slice(start, end), 'base64url').toString('latin1')
  if (!mayHoldToken(claims)) return undefined
  const inner = tokenSplices(claims, substitutes, depth + 1)
  if (inner.length === 0) return undefined
  return { start, end, text: Buffer.from(spliceText(claims, inner), 'latin1').toString('base64url') }
}

/** Claims shorter than this hold no token. */
const SHORTEST_NEST = 40
