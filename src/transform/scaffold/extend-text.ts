import { isCollection, isMap, isScalar, isSeq, parseDocument, type Document, type Pair } from 'yaml'
import { ResealError } from '../../core/errors.ts'

/** Lines to add to a document, as a new one would have them. */
export interface Extension {
  /** A whole `match:`, or nothing. */
  readonly match: readonly string[]
  /** Items of `responder`, indented by two. */
  readonly chains: readonly string[]
}

/** Adds lines to a document; every byte that is there stays, but for an empty list that gets items. */
export function extendText(
  source: string,
  file: string,
  { match, chains }: Extension,
): { readonly yaml: string; readonly notes: readonly string[] } {
  const newline = source.includes('\r\n') ? '\r\n' : '\n'
  const document = parseDocument(source)
  const notes: string[] = []
  const edits: Edit[] = []
  if (chains.length > 0) edits.push(...chainEdits(document, source, chains, file))
  if (match.length > 0 && pairNamed(document, 'match') !== undefined) notes.push(matchNote(match))
  else if (match.length > 0) edits.push(matchEdit(document, source, match))
  const yaml = edits
    .toSorted((a, b) => b.at - a.at)
    .reduce((text, { at, until, lines }) => {
      const before = text.slice(0, at)
      const joined = lines.map((line) => line + newline).join('')
      const open = before === '' || before.endsWith('\n') || lines.length === 0 ? '' : newline
      return before + open + joined + text.slice(until)
    }, source)
  return { yaml, notes }
}

interface Edit {
  readonly at: number
  readonly until: number
  readonly lines: readonly string[]
}

type YamlPair = Pair

function pairNamed(document: Document, name: string): YamlPair | undefined {
  const { contents } = document
  if (!isMap(contents)) return undefined
  return contents.items.find(({ key }) => isScalar(key) && key.value === name)
}

function matchNote(match: readonly string[]): string {
  const rules = match.filter((line) => !/^(?:#|match:| {2}rules:)/.test(line)).map((line) => line.trim())
  return `The document has a match of its own; a login needs these of match.rules as well: ${rules.join(' ')}`
}

/** Before `responder`, whose comment stays with it, or at the end. */
function matchEdit(document: Document, source: string, match: readonly string[]): Edit {
  const responder = pairNamed(document, 'responder')
  const start = isScalar(responder?.key) ? (responder.key.range?.[0] ?? source.length) : source.length
  const at = commentStart(source, start)
  return { at, until: at, lines: match }
}

/** Where the comment begins that stands right above a line. */
function commentStart(source: string, lineStart: number): number {
  let at = lineStart
  while (at > 0) {
    const before = source.lastIndexOf('\n', at - 2) + 1
    if (!source.slice(before, at).startsWith('#')) return at
    at = before
  }
  // A comment at the top is about the whole file.
  return lineStart
}

function chainEdits(
  document: Document,
  source: string,
  chains: readonly string[],
  file: string,
): readonly Edit[] {
  const responder = pairNamed(document, 'responder')
  if (responder === undefined) {
    if (document.contents !== null && !isMap(document.contents)) throw noRoom(file)
    if (isMap(document.contents) && document.contents.flow === true) throw noRoom(file)
    return [{ at: source.length, until: source.length, lines: ['responder:', ...chains] }]
  }
  const { value, key } = responder
  if (isSeq(value) && value.items.length > 0) {
    if (value.flow === true) throw noRoom(file)
    return [afterLastItem(value, source, chains)]
  }
  const inFlow = isMap(document.contents) && document.contents.flow === true
  const keyEnd = isScalar(key) ? (key.range?.[1] ?? 0) : 0
  const colon = source.indexOf(':', keyEnd) + 1
  if (inFlow || colon === 0) throw noRoom(file)
  const valueEnd = isCollection(value) || isScalar(value) ? (value.range?.[1] ?? colon) : colon
  const end = lineEnd(source, Math.max(colon, valueEnd))
  return [
    { at: colon, until: Math.max(colon, valueEnd), lines: [] },
    { at: end, until: end, lines: chains },
  ]
}

function noRoom(file: string): ResealError {
  return new ResealError(
    'TRANSFORM_INVALID',
    `${file} is written in braces, and lines cannot be added to it`,
    {
      hint: 'Write responder as a list with a dash before each chain, or take over what this prints: reseal transform scaffold <snapshot> --stdout',
    },
  )
}

/** Behind the last item and the comments that belong to it, indented as it is. */
function afterLastItem(
  items: { readonly items: readonly unknown[]; readonly range?: readonly number[] | null | undefined },
  source: string,
  chains: readonly string[],
): Edit {
  const last = items.items.at(-1)
  const [start = 0, valueEnd = start] = isCollection(last) ? (last.range ?? []) : []
  const dash = source.lastIndexOf('-', start)
  const column = dash - (source.lastIndexOf('\n', dash) + 1)
  let at = lineEnd(source, Math.max(start, trimmedEnd(source, valueEnd)))
  while (belongsToItem(source, at, column)) at = lineEnd(source, at)
  const indent = ' '.repeat(column)
  return { at, until: at, lines: chains.map((line) => indent + line.slice(2)) }
}

function trimmedEnd(source: string, end: number): number {
  return source.slice(0, end).trimEnd().length
}

/** The offset behind the line break that follows. */
function lineEnd(source: string, offset: number): number {
  const newline = source.indexOf('\n', offset)
  return newline === -1 ? source.length : newline + 1
}

function belongsToItem(source: string, at: number, column: number): boolean {
  const line = source.slice(at, lineEnd(source, at))
  const comment = /^ *(?=#)/.exec(line)
  return comment !== null && comment[0].length > column
}
