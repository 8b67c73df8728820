import type { BinaryText } from '../../core/binary-text.ts'
import type { Focus } from '../message/focus.ts'
import { renderLive, type Live, type Moment } from '../message/live.ts'
import { escapedJson } from '../message/codecs.ts'
import type { ResponseMessage } from '../message/response-message.ts'
import type { Variables } from './variables.ts'

/** Recorded values for which live requests show another one, to be put wherever responses have them. */
export interface LearntValues {
  readonly size: number
  /** @returns false for a value too short, or without a letter or digit, to be told from others */
  add(recorded: BinaryText): boolean
  /** Puts the live values into a response where it has the recorded ones, as words of their own. */
  applyTo(response: ResponseMessage): void
}

/** Shorter values stand everywhere by chance. */
const SHORTEST = 3
const WORD = /[A-Za-z0-9_-]+/g

interface Learnt {
  readonly recorded: BinaryText
  /** Where its first word begins. */
  readonly lead: number
}

export function createLearntValues(): LearntValues {
  const byWord = new Map<string, Learnt[]>()
  const known = new Set<BinaryText>()
  const find = (text: BinaryText): readonly Found[] => findLearnt(text, byWord)
  return {
    get size() {
      return known.size
    },
    add: (recorded) => {
      const word = recorded.match(WORD)?.[0]
      if (recorded.length < SHORTEST || word === undefined) return false
      if (known.has(recorded)) return true
      known.add(recorded)
      const others = byWord.get(word) ?? []
      const learnt = { recorded, lead: recorded.indexOf(word) }
      byWord.set(
        word,
        [...others, learnt].toSorted((a, b) => b.recorded.length - a.recorded.length),
      )
      return true
    },
    applyTo: (response) => {
      const body = response.body()
      const names = new Set(response.pair.response.headers.map(([name]) => name.toLowerCase()))
      const headers = [...names].flatMap((name) => response.header(name))
      if (body !== undefined) putLearnt(body, find, body.json() === undefined ? asIs : escapedJson)
      for (const header of headers) putLearnt(header, find, asIs)
    },
  }
}

function asIs(text: BinaryText): BinaryText {
  return text
}

interface Found {
  readonly start: number
  readonly recorded: BinaryText
}

function findLearnt(text: BinaryText, byWord: ReadonlyMap<string, readonly Learnt[]>): readonly Found[] {
  const found: Found[] = []
  let done = 0
  for (const { index, 0: word } of text.matchAll(WORD)) {
    for (const { recorded, lead } of byWord.get(word) ?? []) {
      const start = index - lead
      const end = start + recorded.length
      if (start < done || !text.startsWith(recorded, start) || !isWhole(text, start, end)) continue
      found.push({ start, recorded })
      done = end
      break
    }
  }
  return found
}

/** The value does not go on as a word on either side. */
function isWhole(text: BinaryText, start: number, end: number): boolean {
  const isWord = (at: number): boolean => /[A-Za-z0-9_-]/.test(text[at] ?? '')
  return !(isWord(start) && isWord(start - 1)) && !(isWord(end - 1) && isWord(end))
}

function putLearnt(
  focus: Focus,
  find: (text: BinaryText) => readonly Found[],
  spell: (live: BinaryText) => BinaryText,
): void {
  if (find(focus.recorded).length === 0) return
  focus.put((value) => ({
    changes: 'request',
    render: (moment) => replaced(value, moment, find, spell),
  }))
}

function replaced(
  value: Live,
  moment: Moment,
  find: (text: BinaryText) => readonly Found[],
  spell: (live: BinaryText) => BinaryText,
): BinaryText | Promise<BinaryText> {
  const text = renderLive(value, moment)
  const put = (whole: BinaryText): BinaryText => spliced(whole, find(whole), moment.variables, spell)
  return typeof text === 'string' ? put(text) : text.then(put)
}

function spliced(
  text: BinaryText,
  found: readonly Found[],
  variables: Variables,
  spell: (live: BinaryText) => BinaryText,
): BinaryText {
  let [done, result] = [0, '']
  for (const { start, recorded } of found) {
    const live = variables.liveFor(recorded)
    result += text.slice(done, start) + (live === undefined ? recorded : spell(live))
    done = start + recorded.length
  }
  return result + text.slice(done)
}
