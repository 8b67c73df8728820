import { LRUCache } from 'lru-cache'
import type { SubjectRule } from '../match/match-rules.ts'
import type { Subject } from '../match/subject.ts'
import type { PairIndex } from './pair-index.ts'

/** Entries of an index in recorded order. */
export interface EntryList {
  /** What a client's place in the list is kept by. */
  readonly name: string
  readonly entries: readonly number[]
}

/** The entries that ask one question, by whom. */
export interface Question {
  readonly all: EntryList
  /** By each of a subject's names; undefined where everybody who asked is the same. */
  readonly bySubject: ReadonlyMap<string, EntryList> | undefined
}

/** Questions that are asked again are looked up and not put together again. */
export const MAX_KEPT_QUESTIONS = 10_000

/** Puts together the question that begins with an entry. */
export function questionsOf(index: PairIndex): (first: number) => Question {
  const kept = new LRUCache<number, Question>({ max: MAX_KEPT_QUESTIONS })
  return (first) => {
    const known = kept.get(first)
    if (known !== undefined) return known
    const question = questionFrom(index, first)
    kept.set(first, question)
    return question
  }
}

function questionFrom(index: PairIndex, first: number): Question {
  const entries: number[] = []
  for (let entry = first; entry !== -1; entry = index.next(entry)) entries.push(entry)
  const all = { name: String(index.id(first)), entries: waitedFor(entries, index) }
  const exact = index.subject(first)?.exact
  if (entries.every((entry) => index.subject(entry)?.exact === exact)) return { all, bySubject: undefined }
  const lists = new Map<string, { readonly name: string; readonly entries: number[] }>()
  for (const entry of entries) {
    for (const name of namesOf(index.subject(entry))) {
      const list = lists.get(name) ?? { name: `${index.id(first)} ${name}`, entries: [] }
      lists.set(name, list)
      list.entries.push(entry)
    }
  }
  return {
    all,
    bySubject: new Map(
      [...lists].map(([name, list]) => [name, { ...list, entries: waitedFor(list.entries, index) }]),
    ),
  }
}

/** Without those that one subject's client did not wait for, where another's did. */
function waitedFor(entries: readonly number[], index: PairIndex): readonly number[] {
  const whole = entries.filter((entry) => !index.isAbandoned(entry))
  return whole.length === 0 || whole.length === entries.length ? entries : whole
}

/**
 * The entries for whoever asks: those recorded for exactly this subject, else for the same person, else for one of
 * the same name; for somebody who was not recorded all entries, or with `require` none.
 * @param asking is called only where it makes a difference
 */
export function entriesFor(
  { all, bySubject }: Question,
  index: PairIndex,
  asking: () => Subject | undefined,
  rule: SubjectRule,
): EntryList | undefined {
  if (rule === 'ignore' || (rule === 'prefer' && bySubject === undefined)) return all
  const names = namesOf(asking())
  if (bySubject === undefined) {
    const only = namesOf(index.subject(all.entries[0] ?? -1))
    return only.some((name) => names.includes(name)) ? all : undefined
  }
  for (const name of names) {
    const list = bySubject.get(name)
    if (list !== undefined) return list
  }
  return rule === 'prefer' ? all : undefined
}

const NOBODY = ['nobody']

/** From the narrowest to the widest. */
function namesOf(subject: Subject | undefined): readonly string[] {
  if (subject === undefined) return NOBODY
  return [`exact ${subject.exact}`, `person ${subject.person}`, `name ${subject.name}`]
}
