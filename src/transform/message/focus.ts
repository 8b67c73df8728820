import type { BinaryText } from '../../core/binary-text.ts'
import { scanJson, type JsonNode } from '../../core/json.ts'
import { joinLive, mapLive, type Live } from './live.ts'

/** How a text is written inside another one: a JSON string literal, a base64url segment. */
export interface Codec {
  readonly name: string
  /** @returns undefined when the outer text is not of this form */
  decode(outer: BinaryText): BinaryText | undefined
  encode(inner: BinaryText): BinaryText
}

/** The inner text is the outer text. */
export const AS_IS: Codec = { name: 'as is', decode: (outer) => outer, encode: (inner) => inner }

/**
 * A place in a recorded message that can be read and put back. Places nest: what is put into an inner place comes
 * out through its codec into the span it was found in, and every byte outside that span stays as recorded. All
 * places are found in the recorded text, so the order of chains never moves a span.
 */
export interface Focus {
  /** Where this is, in words: `body`, `body $.access_token`, `header Set-Cookie`. */
  readonly path: string
  readonly recorded: BinaryText
  /** True once something was put here or in a place inside. */
  readonly touched: boolean
  /** The recorded text as JSON, or undefined when it is none. */
  json(): JsonNode | undefined
  /**
   * The place inside a span of this one; the same place when asked again.
   * @returns undefined when the span does not decode, or overlaps a place opened before
   */
  inside(where: InnerPlace): Focus | undefined
  /** The member of the object this place is a member of, for values that belong together (`expires_in`). */
  sibling(name: string): Focus | undefined
  /** Puts a new value, made from the one that stands here. */
  put(change: (value: Live) => Live): void
  /** The value with everything that was put. */
  live(): Live
}

export interface InnerPlace {
  readonly path: string
  readonly start: number
  readonly end: number
  readonly codec: Codec
  readonly sibling?: (name: string) => Focus | undefined
}

interface Child {
  readonly start: number
  readonly end: number
  readonly codec: Codec
  readonly focus: Focus
}

/** A place that is a whole text of a message: its body, one header value. */
export function createFocus(
  path: string,
  recorded: BinaryText,
  sibling: (name: string) => Focus | undefined = () => undefined,
): Focus {
  const children: Child[] = []
  const changes: ((value: Live) => Live)[] = []
  let scanned: { readonly root: JsonNode | undefined } | undefined

  const inside = (where: InnerPlace): Focus | undefined => {
    const around = children.find((child) => child.start <= where.start && where.end <= child.end)
    if (around !== undefined) return insideChild(around, where)
    if (children.some((child) => where.start < child.end && child.start < where.end)) return undefined
    const inner = where.codec.decode(recorded.slice(where.start, where.end))
    if (inner === undefined) return undefined
    const focus = createFocus(where.path, inner, where.sibling)
    children.push({ start: where.start, end: where.end, codec: where.codec, focus })
    return focus
  }

  return {
    path,
    recorded,
    get touched() {
      return changes.length > 0 || children.some((child) => child.focus.touched)
    },
    json: () => (scanned ??= { root: scanJson(recorded) }).root,
    inside,
    sibling,
    put: (change) => {
      changes.push(change)
    },
    live: () => changes.reduce((value, change) => change(value), withChildren(recorded, children)),
  }
}

/** The same span in the same codec is the same place; a smaller one is found inside if the codec moves nothing. */
function insideChild(child: Child, where: InnerPlace): Focus | undefined {
  const same = child.start === where.start && child.end === where.end
  if (same && child.codec.name === where.codec.name) return child.focus
  if (child.codec !== AS_IS) return undefined
  return child.focus.inside({ ...where, start: where.start - child.start, end: where.end - child.start })
}

function withChildren(recorded: BinaryText, children: readonly Child[]): Live {
  const parts: Live[] = []
  let done = 0
  for (const child of children.toSorted((a, b) => a.start - b.start)) {
    if (!child.focus.touched) continue
    parts.push(recorded.slice(done, child.start), mapLive(child.focus.live(), child.codec.encode))
    done = child.end
  }
  return joinLive([...parts, recorded.slice(done)])
}
