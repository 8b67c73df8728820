import { textOfUtf8, utf8OfText, type BinaryText } from './binary-text.ts'
import { afterByteOrderMark, lexable, numberEnd, spaceEnd, stringEnd, wordEnd } from './json-lexemes.ts'

/** Byte offsets of a value in the text it was scanned from. */
interface Span {
  readonly start: number
  readonly end: number
}

export interface JsonMember {
  /** The member's name with escapes undone. */
  readonly name: string
  readonly nameStart: number
  readonly value: JsonNode
}

export interface JsonObject extends Span {
  readonly kind: 'object'
  /** In document order; repeated names are all here, and the last one counts (as in JSON.parse). */
  readonly members: readonly JsonMember[]
}

export interface JsonArray extends Span {
  readonly kind: 'array'
  readonly items: readonly JsonNode[]
}

export interface JsonScalar extends Span {
  readonly kind: 'string' | 'number' | 'boolean' | 'null'
}

/** A JSON value with its place in the text. */
export type JsonNode = JsonObject | JsonArray | JsonScalar

/** Text to put in the place of a span; spans of one call never overlap. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: BinaryText
}

/** Texts of more values than this are not read: each costs some hundred bytes of memory. */
export const MAX_JSON_NODES = 500_000

/**
 * Reads a JSON text (RFC 8259) into spans, without recursion, so that depth costs memory and nothing else. A byte
 * order mark before the value is passed over.
 * @returns undefined when the text is not exactly one JSON value, or holds more than {@link MAX_JSON_NODES}
 * @param maxDepth deeper texts are not read either; default no limit
 */
export function scanJson(text: BinaryText, maxDepth = Infinity): JsonNode | undefined {
  const bytes = lexable(text)
  const root = scanValue(text, bytes, maxDepth)
  return root !== undefined && spaceEnd(bytes, root.end) === text.length ? root : undefined
}

/** The value of a member, the last one where a name is repeated. */
export function memberOf(node: JsonNode | undefined, name: string): JsonNode | undefined {
  if (node?.kind !== 'object') return undefined
  return node.members.findLast((member) => member.name === name)?.value
}

/** The node's own text. */
export function jsonText(text: BinaryText, node: JsonNode): BinaryText {
  return text.slice(node.start, node.end)
}

/** A string node's value with escapes undone; undefined for other nodes. */
export function stringValue(text: BinaryText, node: JsonNode | undefined): string | undefined {
  if (node?.kind !== 'string') return undefined
  return decodedString(text.slice(node.start, node.end))
}

/** A number node's value; undefined for other nodes. */
export function numberValue(text: BinaryText, node: JsonNode | undefined): number | undefined {
  return node?.kind === 'number' ? Number(text.slice(node.start, node.end)) : undefined
}

/** What JSON.parse makes of the text; a byte order mark before it is passed over. */
export function utf8Json(text: BinaryText): unknown {
  return JSON.parse(utf8OfText(text.slice(afterByteOrderMark(text))))
}

/** A value as JSON text in UTF-8 bytes. */
export function jsonOf(value: unknown): BinaryText {
  return textOfUtf8(JSON.stringify(value))
}

/** The text with each span replaced; every other byte stays. Splices may come in any order. */
export function spliceText(text: BinaryText, splices: readonly Splice[]): BinaryText {
  let done = 0
  let result = ''
  for (const { start, end, text: next } of splices.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(done, start) + next
    done = end
  }
  return result + text.slice(done)
}

export interface MemberEdits {
  /** JSON text by member name; a name the object lacks is added at its end. */
  readonly set: ReadonlyMap<string, BinaryText>
  readonly remove: ReadonlySet<string>
}

/** The object's text with members set and removed; what is kept keeps its order, spelling and white space. */
export function editMembers(text: BinaryText, object: JsonObject, edits: MemberEdits): BinaryText {
  const first = object.members[0]
  const opening = text.slice(object.start + 1, first?.nameStart ?? object.end - 1)
  let body = ''
  for (const [index, member] of object.members.entries()) {
    if (edits.remove.has(member.name)) continue
    const previous = object.members[index - 1]
    const before = previous === undefined ? '' : text.slice(previous.value.end, member.nameStart)
    const value = edits.set.get(member.name) ?? jsonText(text, member.value)
    body += (body === '' ? opening : before) + text.slice(member.nameStart, member.value.start) + value
  }
  const present = new Set(object.members.map((member) => member.name))
  for (const [name, value] of edits.set) {
    if (present.has(name) || edits.remove.has(name)) continue
    body += (body === '' ? opening : ',') + `${jsonOf(name)}:${value}`
  }
  const last = object.members.at(-1)
  return `{${body}${last === undefined ? '' : text.slice(last.value.end, object.end - 1)}}`
}

/** The value of a string literal, its quotes included; to be asked of what is one. */
export function decodedString(literal: BinaryText): string {
  const inner = literal.slice(1, -1)
  return inner.includes('\\') ? (JSON.parse(utf8OfText(literal)) as string) : utf8OfText(inner)
}

/** An object or array whose end has not come. */
type Open =
  | { readonly kind: 'object'; readonly start: number; readonly members: JsonMember[]; name: MemberName }
  | { readonly kind: 'array'; readonly start: number; readonly items: JsonNode[] }

type MemberName = Pick<JsonMember, 'name' | 'nameStart'>

function scanValue(text: BinaryText, bytes: Uint8Array, maxDepth: number): JsonNode | undefined {
  const stack: Open[] = []
  let at = spaceEnd(bytes, afterByteOrderMark(text))
  let nodes = 0

  /** Reads up to a member's value. */
  const memberName = (): MemberName | undefined => {
    const nameStart = at
    const end = stringEnd(bytes, nameStart)
    const colon = end === -1 ? -1 : spaceEnd(bytes, end)
    if (colon === -1 || bytes[colon] !== COLON) return undefined
    at = spaceEnd(bytes, colon + 1)
    return { name: decodedString(text.slice(nameStart, end)), nameStart }
  }
  /** What begins here: a whole value, or undefined after opening what holds others; 'none' for no value. */
  const begin = (): JsonNode | 'none' | undefined => {
    const start = at
    const first = bytes[at] ?? 0
    if (first !== BRACE && first !== BRACKET) return scalarAt(bytes, start) ?? 'none'
    at = spaceEnd(bytes, at + 1)
    // `{` and `}`, `[` and `]` are two apart.
    if (bytes[at] === first + 2) {
      const end = at + 1
      return first === BRACE
        ? { kind: 'object', start, members: [], end }
        : { kind: 'array', start, items: [], end }
    }
    if (stack.length >= maxDepth) return 'none'
    if (first === BRACKET) stack.push({ kind: 'array', start, items: [] })
    else {
      const name = memberName()
      if (name === undefined) return 'none'
      stack.push({ kind: 'object', start, members: [], name })
    }
    return undefined
  }
  /** Puts a value into what is open. False where that goes on with another value, the whole of it where it ends. */
  const close = (node: JsonNode, open: Open): JsonNode | 'none' | undefined => {
    if (open.kind === 'object') open.members.push({ ...open.name, value: node })
    else open.items.push(node)
    at = spaceEnd(bytes, node.end)
    const next = bytes[at] ?? 0
    at += 1
    if (next === COMMA) {
      at = spaceEnd(bytes, at)
      if (open.kind === 'array') return undefined
      const name = memberName()
      if (name === undefined) return 'none'
      open.name = name
      return undefined
    }
    if (next !== (open.kind === 'object' ? BRACE : BRACKET) + 2) return 'none'
    stack.pop()
    return open.kind === 'object'
      ? { kind: 'object', start: open.start, members: open.members, end: at }
      : { kind: 'array', start: open.start, items: open.items, end: at }
  }

  for (;;) {
    nodes += 1
    if (nodes > MAX_JSON_NODES) return undefined
    // The value just read belongs to what is open; closing that may close what is around it as well.
    let node = begin()
    while (node !== undefined && node !== 'none') {
      const open = stack.at(-1)
      if (open === undefined) return node
      node = close(node, open)
    }
    if (node === 'none') return undefined
  }
}

const [COMMA, COLON, BRACKET, BRACE, QUOTE] = [44, 58, 91, 123, 34]

function scalarAt(bytes: Uint8Array, start: number): JsonScalar | undefined {
  const first = bytes[start] ?? 0
  if (first === QUOTE) return scalar('string', start, stringEnd(bytes, start))
  const end = wordEnd(bytes, start)
  if (end !== -1) return scalar(first === SMALL_N ? 'null' : 'boolean', start, end)
  return scalar('number', start, numberEnd(bytes, start))
}

const SMALL_N = 110

function scalar(kind: JsonScalar['kind'], start: number, end: number): JsonScalar | undefined {
  return end === -1 ? undefined : { kind, start, end }
}
