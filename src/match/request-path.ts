import type { ValueKind } from '../core/value-kind.ts'
import { classStandIn } from './compared-value.ts'
import { jwtsAsClaims } from './jwt-fingerprint.ts'
import type { MatchRules } from './match-rules.ts'
import { templateFor } from './path-template.ts'

/** A request target in two: path, and query without its mark; undefined where there is no mark. */
export interface TargetParts {
  readonly path: string
  readonly query: string | undefined
}

/**
 * Takes a target apart. Absolute-form (RFC 9112 §3.2.2) names the same resource as origin-form, and so does another
 * spelling of the path's escapes (RFC 3986 §6.2.2).
 */
export function targetParts(target: string): TargetParts {
  const origin = target.startsWith('/') ? target : originForm(target)
  const mark = origin.indexOf('?')
  const path = mark === -1 ? origin : origin.slice(0, mark)
  return { path: normalEscapes(path), query: mark === -1 ? undefined : origin.slice(mark + 1) }
}

/** The path of a target, in normal spelling. */
export function pathOf(target: string): string {
  return targetParts(target).path
}

/** What a path is compared as. */
export function comparedPath(path: string, { paths, kinds }: MatchRules): string {
  if (paths.size === 0 && kinds.length === 0 && !path.includes('.e')) return path
  const segments = path.split('/')
  const template = paths.size === 0 ? undefined : templateFor(segments, paths)
  return template?.compared ?? segments.map((segment) => comparedSegment(segment, kinds)).join('/')
}

/** Clients escape the colons of a time, and the slashes and signs of base64. */
function comparedSegment(segment: string, kinds: readonly ValueKind[]): string {
  return classStandIn(segmentValue(segment), kinds) ?? jwtsAsClaims(segment)
}

/** A segment with its escapes undone; as it is where they are no UTF-8. */
export function segmentValue(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function originForm(target: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)
  if (absolute === null) return target
  const rest = target.slice(absolute[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Unreserved characters as themselves, hex digits in capitals (RFC 3986 §6.2.2.1, §6.2.2.2). */
function normalEscapes(path: string): string {
  if (!path.includes('%')) return path
  return path.replaceAll(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : escape.toUpperCase()
  })
}
