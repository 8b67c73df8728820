import { textOfUtf8, utf8OfText, type BinaryText } from './binary-text.ts'

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
  const scanner = createScanner(text, maxDepth)
  const root = scanner.value()
  return root !== undefined && scanner.atEnd() ? root : undefined
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
  return decodeJsonString(text.slice(node.start, node.end))
}

/** A number node's value; undefined for other nodes. */
export function numberValue(text: BinaryText, node: JsonNode | undefined): number | undefined {
  return node?.kind === 'number' ? Number(text.slice(node.start, node.end)) : undefined
}

/** What JSON.parse makes of the text; a byte order mark before it is passed over. */
export function utf8Json(text: BinaryText): unknown {
  return JSON.parse(utf8OfText(text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text))
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

function decodeJsonString(literal: BinaryText): string {
  const inner = literal.slice(1, -1)
  return inner.includes('\\') ? (JSON.parse(utf8OfText(literal)) as string) : utf8OfText(inner)
}

interface Scanner {
  value(): JsonNode | undefined
  atEnd(): boolean
}

type Open =
  | { kind: 'object'; start: number; members: JsonMember[] }
  | { kind: 'array'; start: number; items: JsonNode[] }

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const LITERAL = /true|false|null/y
// eslint-disable-next-line no-control-regex -- RFC 8259 §7 forbids exactly these unescaped
const PLAIN = /[^"\\\x00-\x1f]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const SPACE = /[ \t\n\r]*/y

function createScanner(text: BinaryText, maxDepth: number): Scanner {
  let at = text.startsWith('\xef\xbb\xbf') ? 3 : 0

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const space = (): void => {
    take(SPACE)
  }

  const scalar = (): JsonScalar | undefined => {
    const start = at
    const first = text[at]
    if (first === '"') return stringEnd(start)
    if (first === 't' || first === 'f' || first === 'n') {
      const word = take(LITERAL)
      return word === undefined ? undefined : { kind: word === 'null' ? 'null' : 'boolean', start, end: at }
    }
    return take(NUMBER) === undefined ? undefined : { kind: 'number', start, end: at }
  }
  // Plain runs and escapes in turn: one expression for the whole literal would run out of stack at some megabytes.
  const stringEnd = (start: number): JsonScalar | undefined => {
    at = start + 1
    for (;;) {
      take(PLAIN)
      if (text[at] === '"') {
        at += 1
        return { kind: 'string', start, end: at }
      }
      if (take(ESCAPE) === undefined) return undefined
    }
  }
  const memberName = (): { name: string; nameStart: number } | undefined => {
    const nameStart = at
    if (text[at] !== '"' || stringEnd(nameStart) === undefined) return undefined
    const name = decodeJsonString(text.slice(nameStart, at))
    space()
    if (text[at] !== ':') return undefined
    at += 1
    space()
    return { name, nameStart }
  }

  const value = (): JsonNode | undefined => {
    const stack: Open[] = []
    const names: { name: string; nameStart: number }[] = []
    let nodes = 0
    space()
    for (;;) {
      let node: JsonNode | undefined
      const start = at
      nodes += 1
      if (nodes > MAX_JSON_NODES) return undefined
      if (text[at] === '{' || text[at] === '[') {
        const open: Open =
          text[at] === '{' ? { kind: 'object', start, members: [] } : { kind: 'array', start, items: [] }
        at += 1
        space()
        if (text[at] === (open.kind === 'object' ? '}' : ']')) {
          at += 1
          node = { ...open, end: at }
        } else {
          stack.push(open)
          if (stack.length > maxDepth) return undefined
          if (open.kind === 'object') {
            const name = memberName()
            if (name === undefined) return undefined
            names.push(name)
          }
          continue
        }
      } else {
        node = scalar()
      }
      if (node === undefined) return undefined

      // The value just read belongs to what is open; closing that may close what is around it as well.
      for (;;) {
        const open = stack.at(-1)
        if (open === undefined) return node
        if (open.kind === 'object') {
          const name = names.pop()
          if (name === undefined) return undefined
          open.members.push({ ...name, value: node })
        } else open.items.push(node)
        space()
        const next = text[at]
        at += 1
        if (next === ',') {
          space()
          if (open.kind === 'object') {
            const name = memberName()
            if (name === undefined) return undefined
            names.push(name)
          }
          break
        }
        if (next !== (open.kind === 'object' ? '}' : ']')) return undefined
        stack.pop()
        node = { ...open, end: at }
      }
    }
  }

  return {
    value,
    atEnd: () => {
      space()
      return at === text.length
    },
  }
}
