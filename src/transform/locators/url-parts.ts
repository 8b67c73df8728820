import { z } from 'zod'
import type { BinaryText } from '../../core/binary-text.ts'
import type { Span } from '../message/focus.ts'
import { percentCodec } from '../message/percent-codec.ts'
import type { Locator } from '../steps/step.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator } from './text-places.ts'

/** The parts of a URL or request target (RFC 3986 §3); each without its delimiter, undefined where there is none. */
export interface UrlParts {
  readonly path: Span
  readonly query: Span | undefined
  readonly fragment: Span | undefined
}

const ORIGIN = /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*/i

export function urlParts(text: BinaryText): UrlParts {
  const start = ORIGIN.exec(text)?.[0].length ?? 0
  const hash = text.indexOf('#', start)
  const beforeHash = hash === -1 ? text.length : hash
  const question = text.indexOf('?', start)
  const hasQuery = question !== -1 && question < beforeHash
  return {
    path: { start, end: hasQuery ? question : beforeHash },
    query: hasQuery ? { start: question + 1, end: beforeHash } : undefined,
    fragment: hash === -1 ? undefined : { start: hash + 1, end: text.length },
  }
}

/** Which segment of a path. */
export const SEGMENT_INDEX = z
  .int('must be a whole number')
  .min(-1000)
  .max(1000)
  .describe('Position of the segment, from 0; from the end where it is negative.')
  .meta({ examples: [1, -1] })

/** Goes to a segment of the path of a URL. */
export function pathSegments(index: number): Locator {
  return textLocator((text) => {
    const segments = segmentsOf(text, urlParts(text).path)
    const span = segments.at(index)
    if (span === undefined) return []
    const codec = percentCodec(text.slice(span.start, span.end), false)
    return [{ label: `segment ${index}`, ...span, codec }]
  }, `the path has no segment ${index}`)
}

function segmentsOf(text: BinaryText, path: Span): readonly Span[] {
  const segments: Span[] = []
  let at = text[path.start] === '/' ? path.start + 1 : path.start
  while (at <= path.end) {
    const slash = text.indexOf('/', at)
    const end = slash === -1 || slash > path.end ? path.end : slash
    segments.push({ start: at, end })
    at = end + 1
  }
  return segments
}

const SEGMENT = z
  .strictObject({ index: SEGMENT_INDEX })
  .describe('Goes to a segment of the path of a URL, percent-encoding undone.')

/** `url_segment`: goes to a segment of the path of a URL. */
export const URL_SEGMENT = locatorRow(
  'url_segment',
  SEGMENT,
  { shorthand: 'index', namesItself: true },
  ({ index }) => pathSegments(index),
)

const FRAGMENT = z
  .strictObject({})
  .describe('Goes to the fragment of a URL, without #; form_field goes on to its fields.')

/** `url_fragment`: goes to the fragment of a URL. */
export const URL_FRAGMENT = locatorRow('url_fragment', FRAGMENT, {}, () =>
  textLocator((text) => {
    const { fragment } = urlParts(text)
    return fragment === undefined ? [] : [{ label: 'fragment', ...fragment }]
  }, 'the URL has no fragment'),
)
