import type { BinaryText } from '../../core/binary-text.ts'
import { scanJson, type JsonNode } from '../../core/json.ts'
import { AS_IS, type Codec } from './codec.ts'
import { chooseLive, joinLive, mapLive, type Live, type Moment } from './live.ts'

/** Says of the request that is answered whether a change is made. */
export type Condition = (moment: Moment) => boolean

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
  /** What stands beside this place under a name, for values that belong together (`expires_in`, `Max-Age`). */
  sibling(name: string): Focus | undefined
  /** Puts a new value, made from the one that stands here. */
  put(change: (value: Live) => Live): void
  /** Puts a JSON text of any type, made from the one that stands here; only where the place is a value of a JSON text. */
  readonly putJson: ((change: (value: Live) => Live) => void) | undefined
  /** The place is a string of a JSON text, and what is put there is written as one. */
  readonly isJsonString: boolean
  /** Takes the place out of the list it is in, with its name; only where it is in one. */
  readonly remove: ((condition?: Condition) => void) | undefined
  /** The value with everything that was put. */
  live(): Live
}

export interface Span {
  readonly start: number
  readonly end: number
}

export interface InnerPlace extends Span {
  readonly path: string
  readonly codec: Codec
  /** Left out where a place inside has the same neighbours as the one around it. */
  readonly sibling?: (name: string) => Focus | undefined
  /** The span is a whole JSON value, which may become one of another type. */
  readonly isJson?: boolean
  /** The list the place is in: its items with their names, and which of them is this one. */
  readonly item?: ListItem
  /** What takes the place out instead, where it is all there is of something around it. */
  readonly remove?: Focus['remove']
}

export interface ListItem {
  readonly items: readonly Span[]
  readonly index: number
}

/** What a whole text of a message may have besides its text. */
interface FocusOptions {
  readonly sibling?: ((name: string) => Focus | undefined) | undefined
  readonly isJson?: boolean | undefined
  readonly isJsonString?: boolean | undefined
  readonly isRemovable?: boolean | undefined
  readonly remove?: Focus['remove']
}

/** A place, and what only the one who holds it asks. */
export interface Place {
  readonly focus: Focus
  /** The text that stands in the span around, in its codec. */
  written(codec: Codec): Live
  /** Whether it was taken out: never, always, or under conditions. */
  removal(): Removal
}

export type Removal = 'never' | 'always' | Condition

/** A place that is a whole text of a message: its body, one header value. */
export function createFocus(path: string, recorded: BinaryText): Focus {
  return createPlace(path, recorded).focus
}

export function createPlace(path: string, recorded: BinaryText, options: FocusOptions = {}): Place {
  const { sibling = () => undefined, isJson = false, isJsonString = false, isRemovable = false } = options
  const children: Child[] = []
  const changes: ((value: Live) => Live)[] = []
  const outerChanges: ((value: Live) => Live)[] = []
  const removals: (Condition | undefined)[] = []
  let scanned: { readonly root: JsonNode | undefined } | undefined

  const inside = (where: InnerPlace): Focus | undefined => {
    const after = children.length === 0 ? 0 : indexAfter(children, where.start)
    const before = children[after - 1]
    if (before !== undefined && where.end <= before.end) return insideChild(before, where)
    const overlaps = (before?.end ?? 0) > where.start || (children[after]?.start ?? Infinity) < where.end
    if (overlaps) return undefined
    const inner = where.codec.decode(recorded.slice(where.start, where.end))
    if (inner === undefined) return undefined
    const place = createPlace(where.path, inner, {
      sibling: where.sibling ?? sibling,
      isJson: where.isJson,
      isJsonString: where.isJson === true && where.codec !== AS_IS,
      isRemovable: where.item !== undefined,
      remove: where.remove,
    })
    const { start, end, codec, item } = where
    children.splice(after, 0, { start, end, codec, item, place })
    return place.focus
  }
  const live = (): Live => changes.reduce((value, change) => change(value), withChildren(recorded, children))

  return {
    focus: {
      path,
      recorded,
      get touched() {
        return (
          changes.length + outerChanges.length + removals.length > 0 ||
          children.some((child) => child.place.focus.touched)
        )
      },
      json: () => (scanned ??= { root: scanJson(recorded) }).root,
      inside,
      sibling,
      put: (change) => {
        changes.push(change)
      },
      isJsonString,
      putJson: isJson
        ? (change) => {
            outerChanges.push(change)
          }
        : undefined,
      remove: isRemovable
        ? (condition) => {
            removals.push(condition)
          }
        : options.remove,
      live,
    },
    written: (codec) => outerChanges.reduce((value, change) => change(value), mapLive(live(), codec.encode)),
    removal: () => {
      if (removals.length === 0) return 'never'
      if (removals.includes(undefined)) return 'always'
      return (moment) => removals.some((condition) => condition?.(moment) === true)
    },
  }
}

interface Child extends Span {
  readonly codec: Codec
  readonly item: ListItem | undefined
  readonly place: Place
}

/** Where a span that starts here belongs among places in order, which never overlap: behind those that start no later. */
function indexAfter(children: readonly Child[], start: number): number {
  let [low, high] = [0, children.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((children[middle]?.start ?? Infinity) <= start) low = middle + 1
    else high = middle
  }
  return low
}

/** The same span in the same codec is the same place; a smaller one is found inside if the codec moves nothing. */
function insideChild(child: Child, where: InnerPlace): Focus | undefined {
  const same = child.start === where.start && child.end === where.end
  if (same && child.codec.name === where.codec.name) return child.place.focus
  if (child.codec !== AS_IS) return undefined
  return child.place.focus.inside(moved(where, -child.start))
}

function moved(where: InnerPlace, by: number): InnerPlace {
  return { ...where, start: where.start + by, end: where.end + by }
}

function withChildren(recorded: BinaryText, children: readonly Child[]): Live {
  const touched = children.filter(({ place }) => place.focus.touched)
  const isConditional = touched.some(({ place }) => typeof place.removal() === 'function')
  if (!isConditional) return spliced(recorded, touched, ({ place }) => place.removal() === 'always')
  return conditionally(recorded, touched)
}

/** Which places are gone is known only when the request is: the text is put together then. */
function conditionally(recorded: BinaryText, touched: readonly Child[]): Live {
  return {
    changes: 'request',
    render: (moment) => {
      const text = spliced(recorded, touched, ({ place }) => {
        const removal = place.removal()
        return typeof removal === 'function' ? removal(moment) : removal === 'always'
      })
      return typeof text === 'string' ? text : text.render(moment)
    },
  }
}

function spliced(
  recorded: BinaryText,
  touched: readonly Child[],
  isRemoved: (child: Child) => boolean,
): Live {
  const removed = new Set(touched.filter(isRemoved))
  const gone = goneItems(removed)
  const parts: Live[] = []
  let done = 0
  for (const child of touched) {
    const isGone = removed.has(child)
    const cut = isGone ? cutOf(child, gone) : child
    if (cut.start < done) continue
    parts.push(recorded.slice(done, cut.start), isGone ? '' : child.place.written(child.codec))
    done = cut.end
  }
  return joinLive([...parts, recorded.slice(done)])
}

/** The indexes that go, of each list by where it starts. */
type GoneItems = ReadonlyMap<number, { readonly indexes: ReadonlySet<number>; readonly firstKept: number }>

function goneItems(removed: ReadonlySet<Child>): GoneItems {
  const lists = new Map<number, Set<number>>()
  for (const { item } of removed) {
    if (item === undefined) continue
    const list = item.items[0]?.start ?? 0
    lists.set(list, (lists.get(list) ?? new Set()).add(item.index))
  }
  return new Map([...lists].map(([list, indexes]) => [list, { indexes, firstKept: firstMissing(indexes) }]))
}

function firstMissing(indexes: ReadonlySet<number>): number {
  let index = 0
  while (indexes.has(index)) index += 1
  return index
}

/** An item goes with the separator before it, or behind it while nothing before it stays. */
function cutOf({ item, start, end }: Child, gone: GoneItems): Span {
  if (item === undefined) return { start, end }
  const { items, index } = item
  const own = items[index] ?? { start, end }
  const previous = items[index - 1]
  const firstKept = gone.get(items[0]?.start ?? 0)?.firstKept ?? 0
  if (firstKept < index && previous !== undefined) return { start: previous.end, end: own.end }
  return { start: own.start, end: items[index + 1]?.start ?? own.end }
}

/** The same place, changed only where the condition holds of the request that is answered. */
export function whenever(focus: Focus, condition: Condition): Focus {
  const { putJson, remove } = focus
  const conditional =
    (change: (value: Live) => Live) =>
    (value: Live): Live =>
      chooseLive(condition, change(value), value)
  return {
    path: focus.path,
    recorded: focus.recorded,
    get touched() {
      return focus.touched
    },
    json: focus.json,
    inside: focus.inside,
    live: focus.live,
    sibling: (name) => {
      const other = focus.sibling(name)
      return other && whenever(other, condition)
    },
    put: (change) => focus.put(conditional(change)),
    isJsonString: focus.isJsonString,
    putJson: putJson && ((change) => putJson(conditional(change))),
    remove: remove && (() => remove(condition)),
  }
}
