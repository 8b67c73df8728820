import type { BinaryText } from '../../core/binary-text.ts'
import type { EpochMs } from '../../core/time.ts'

/** When a response is served. */
export interface Moment {
  readonly nowMs: EpochMs
}

/** A text that is made when it is served. */
export interface Slot {
  /** `second`: the text changes with the clock, at most once a second. `once`: it is the same at every moment. */
  readonly changes: 'second' | 'once'
  render(moment: Moment): BinaryText | Promise<BinaryText>
}

/** A text that stands, or one that is made when it is served. */
export type Live = BinaryText | Slot

/** The text at a moment; a text that stands needs no promise. */
export function renderLive(live: Live, moment: Moment): BinaryText | Promise<BinaryText> {
  return typeof live === 'string' ? live : live.render(moment)
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
  return {
    changes: joined.some((part) => typeof part !== 'string' && part.changes === 'second') ? 'second' : 'once',
    render: (moment) => {
      const texts = joined.map((part) => renderLive(part, moment))
      return texts.every((text) => typeof text === 'string')
        ? texts.join('')
        : Promise.all(texts.map((text) => Promise.resolve(text))).then((made) => made.join(''))
    },
  }
}
