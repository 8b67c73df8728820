import type { BinaryText } from '../../core/binary-text.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Variables } from '../values/variables.ts'
import type { RequestMessage } from './request-message.ts'

/** When a response is served, and what for. */
export interface Moment {
  readonly nowMs: EpochMs
  /** The request that is being answered. */
  readonly request: RequestMessage
  /** What was learnt from the requests before, and from this one. */
  readonly variables: Variables
}

/**
 * How often a text changes. `once`: it is the same at every moment. `second`: it changes with the clock, at most once a
 * second. `request`: it may differ for each request.
 */
export type Changes = 'once' | 'second' | 'request'

/** A text that is made when it is served. */
export interface Slot {
  readonly changes: Changes
  render(moment: Moment): BinaryText | Promise<BinaryText>
}

/** A text that stands, or one that is made when it is served. */
export type Live = BinaryText | Slot

/** The text at a moment; a text that stands needs no promise. */
export function renderLive(live: Live, moment: Moment): BinaryText | Promise<BinaryText> {
  return typeof live === 'string' ? live : live.render(moment)
}

/** How often the most changeable of them changes. */
export function changesOf(lives: readonly Live[]): Changes {
  const all = new Set(lives.map((live) => (typeof live === 'string' ? 'once' : live.changes)))
  if (all.has('request')) return 'request'
  return all.has('second') ? 'second' : 'once'
}

/** The same text through a function, at load where it stands, else at every serving. */
export function mapLive(live: Live, change: (text: BinaryText) => BinaryText): Live {
  if (typeof live === 'string') return change(live)
  return {
    changes: live.changes,
    render: (moment) => {
      const text = live.render(moment)
      return typeof text === 'string' ? change(text) : text.then(change)
    },
  }
}

/** Renders a text and changes it by what is known at the moment. */
export function mapLiveAt(
  live: Live,
  change: (text: BinaryText, moment: Moment) => BinaryText,
): (moment: Moment) => BinaryText | Promise<BinaryText> {
  return (moment) => {
    const text = renderLive(live, moment)
    return typeof text === 'string' ? change(text, moment) : text.then((made) => change(made, moment))
  }
}

/** The first text where the condition holds of the request that is answered, else the second. */
export function chooseLive(condition: (moment: Moment) => boolean, yes: Live, no: Live): Live {
  return { changes: 'request', render: (moment) => renderLive(condition(moment) ? yes : no, moment) }
}

/** Texts one after the other; neighbours that stand are joined at once. */
export function joinLive(parts: readonly Live[]): Live {
  const joined = parts.reduce<Live[]>((done, part) => {
    const last = done.at(-1)
    if (typeof part === 'string' && typeof last === 'string') done[done.length - 1] = last + part
    else done.push(part)
    return done
  }, [])
  const [only] = joined
  if (joined.length <= 1) return only ?? ''
  return { changes: changesOf(joined), render: (moment) => renderJoined(joined, moment) }
}

/** All texts at a moment, one after the other. */
function renderJoined(parts: readonly Live[], moment: Moment): BinaryText | Promise<BinaryText> {
  const texts = renderAll(parts, moment)
  return texts instanceof Promise ? texts.then((made) => made.join('')) : texts.join('')
}

/** All texts at a moment; a promise only where one of them needs it. */
export function renderAll(
  lives: readonly Live[],
  moment: Moment,
): readonly BinaryText[] | Promise<readonly BinaryText[]> {
  const texts = lives.map((live) => renderLive(live, moment))
  return texts.every((text) => typeof text === 'string')
    ? texts
    : Promise.all(texts.map((text) => Promise.resolve(text)))
}

/** One text made of several, at load where all of them stand, else at every serving. */
export function combineLive(
  lives: readonly Live[],
  make: (texts: readonly BinaryText[]) => BinaryText,
): Live {
  const standing = lives.filter((live) => typeof live === 'string')
  if (standing.length === lives.length) return make(standing)
  return {
    changes: changesOf(lives),
    render: (moment) => {
      const texts = renderAll(lives, moment)
      return texts instanceof Promise ? texts.then(make) : make(texts)
    },
  }
}
