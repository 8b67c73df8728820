import { CLASS_MARK } from './compared-value.ts'

/** Ends a template that fits a path with a slash at its end and without. */
export const OPTIONAL_SLASH = '{/}'

/** A path of which some segments stand for any text, segment by segment. */
export interface PathTemplate {
  /** What a path that fits is compared as. */
  readonly compared: string
  readonly segments: readonly TemplateSegment[]
}

/** Templates by their number of segments, in the order they were given. */
export type PathTemplates = ReadonlyMap<number, readonly PathTemplate[]>

/** What the path of a request begins with that fits a template; empty where its escapes may be written in many ways. */
export function literalStartOf({ segments }: PathTemplate): string {
  const open = segments.findIndex((segment) => segment.open)
  const literal = segments.slice(0, open === -1 ? segments.length : open).map(({ before }) => before)
  const start = literal.join('/')
  return /^[A-Za-z0-9._~/-]*$/.test(start) ? start : ''
}

interface TemplateSegment {
  readonly before: string
  readonly after: string
  /** There is text between them that does not count. */
  readonly open: boolean
}

/**
 * Reads `/users/{id}/files/{name}.json`: in each segment at most one name in braces, which stands for one character
 * or more; `{/}` at its end is a slash or nothing. All paths that fit a template are one.
 */
export function pathTemplates(texts: readonly string[]): PathTemplates {
  return Map.groupBy(texts.flatMap(templatesOf), ({ segments }) => segments.length)
}

/** A text's template, or two that are compared as one: with the slash at the end, and without. */
function templatesOf(template: string): readonly PathTemplate[] {
  const isOptional = template.endsWith(OPTIONAL_SLASH)
  const text = isOptional ? template.slice(0, -OPTIONAL_SLASH.length) : template
  const segments = text.split('/').map(templateSegment)
  const compared = segments
    .map(({ before, after, open }) => (open ? `${before}${CLASS_MARK}{}${after}` : before))
    .join('/')
  if (!isOptional) return [{ compared, segments }]
  const either = compared + CLASS_MARK + OPTIONAL_SLASH
  return [segments, [...segments, templateSegment('')]].map((one) => ({ compared: either, segments: one }))
}

/** The first template that these segments of a path fit. */
export function templateFor(segments: readonly string[], templates: PathTemplates): PathTemplate | undefined {
  return templates
    .get(segments.length)
    ?.find((template) => template.segments.every((wanted, index) => fits(segments[index] ?? '', wanted)))
}

function fits(segment: string, { before, after, open }: TemplateSegment): boolean {
  if (!open) return segment === before
  return (
    segment.length > before.length + after.length && segment.startsWith(before) && segment.endsWith(after)
  )
}

function templateSegment(text: string): TemplateSegment {
  const found = /^([^{}]*)\{[^{}]*\}([^{}]*)$/.exec(text)
  return found === null
    ? { before: text, after: '', open: false }
    : { before: found[1] ?? '', after: found[2] ?? '', open: true }
}
