import { z } from 'zod'
import { errorMessage, ResealError } from '../../core/errors.ts'
import { parseDuration } from '../../core/time.ts'
import { FIELD_NAME } from '../extractors/field-name.ts'
import type { ResponseDraft } from '../message/response-draft.ts'
import { fieldText, type HeadEdit } from '../message/response-message.ts'
import type { Mutate, PairWork } from '../steps/step.ts'
import { OWN_OPTION } from '../steps/speedscale-text.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { seededNumbers } from '../values/seeded.ts'
import { compileValue, TEMPLATE } from '../values/written-value.ts'

/** A change of the head is made once, however many places the chain has found. */
function changeHead(editFor: (work: PairWork) => Omit<HeadEdit, 'when'>): Mutate {
  const changed = new WeakSet<object>()
  return (_, work) => {
    const { response } = work.messages
    if (changed.has(response)) return undefined
    changed.add(response)
    response.edit({ ...editFor(work), when: work.when })
    return undefined
  }
}

const STATUS_OPTIONS = z
  .strictObject({
    code: z
      .int('must be a whole number')
      .min(200, 'must be 200 or more')
      .max(599, 'must be 599 or less')
      .describe('Status code; its usual reason phrase follows it.')
      .meta({ examples: [503] }),
  })
  .describe('Answers with another status code, wherever the chain begins.')

/** `status`: answers with another status code. */
export const STATUS_STEP = mutatorRow(
  'status',
  STATUS_OPTIONS,
  { shorthand: 'code', namesItself: true },
  ({ code }) => ({
    mutate: changeHead(() => ({
      texts: [],
      apply: (draft) => {
        draft.status = code
      },
    })),
  }),
)

const FIELDS = (what: string) =>
  z
    .record(FIELD_NAME, z.union([TEMPLATE, z.array(TEMPLATE)]))
    .default({})
    .describe(what)
    .meta({ examples: [{ 'Cache-Control': 'no-store' }] })

const HEADER_OPTIONS = z
  .strictObject({
    add: FIELDS('Fields to add at the end, by name.'),
    set: FIELDS('Fields to put in place of all of their name, or to add.'),
    remove: z
      .array(FIELD_NAME)
      .default([])
      .describe('Names of fields to leave out.')
      .meta({ examples: [['X-Debug']] }),
  })
  .superRefine(({ add, set, remove }, context) => {
    if (Object.keys(add).length + Object.keys(set).length + remove.length > 0) return
    const params = { hint: 'For example: header: { set: { Cache-Control: no-store } }.' }
    context.addIssue({ code: 'custom', message: 'has nothing to add, set or remove', params })
  })
  .describe('Adds, sets and removes header fields of the response. Values may have ${{…}} in them.')
  .meta({ examples: [{ set: { 'Cache-Control': 'no-store' } }] })

/** `header`: adds, sets and removes header fields of the response. */
export const HEADER = mutatorRow('header', HEADER_OPTIONS, {}, (definition, environment) => {
  const { add, set, remove, place } = definition
  const fields = (written: typeof add, isSet: boolean) =>
    Object.entries(written).flatMap(([name, values]) =>
      [values].flat().map((value, index) => ({
        name,
        replaces: isSet && index === 0,
        live: compileValue(value, environment, place).text(''),
      })),
    )
  const edits = [...fields(set, true), ...fields(add, false)]
  return {
    mutate: changeHead(() => ({
      texts: edits.map(({ live }) => live),
      apply: (draft, texts) => {
        for (const name of remove) drop(draft, name)
        for (const [index, { name, replaces, live }] of edits.entries()) {
          const value = fieldText(texts[index] ?? '', live)
          if (replaces) putInPlace(draft, name, value)
          else draft.headers.push([name, value])
        }
      },
    })),
  }
})

function drop(draft: ResponseDraft, name: string): void {
  draft.headers = draft.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
}

/** The first field of the name keeps its place and spelling; others of it go. */
function putInPlace(draft: ResponseDraft, name: string, value: string): void {
  const first = draft.headers.findIndex(([other]) => other.toLowerCase() === name.toLowerCase())
  const spelling = draft.headers[first]?.[0] ?? name
  drop(draft, name)
  draft.headers.splice(first === -1 ? draft.headers.length : first, 0, [spelling, value])
}

const DURATION = z.string().transform((text, context) => {
  try {
    const ms = parseDuration(text)
    if (ms <= 600_000) return ms
    context.addIssue({ code: 'custom', message: 'is longer than 10 minutes' })
  } catch (error) {
    // The sentence and hint of the parser, told at the place of the value.
    const hint = error instanceof ResealError ? error.hint : errorMessage(error)
    context.addIssue({ code: 'custom', message: 'is not a duration', params: { hint } })
  }
  return z.NEVER
})

const DELAY_OPTIONS = z
  .strictObject({
    for: DURATION.describe('How long the response waits before its head.').meta({
      examples: ['250ms', '2s'],
    }),
    upTo: z
      .exactOptional(DURATION)
      .describe('Waits a random time between the two, the same sequence for the same seed.')
      .meta({ examples: ['1s'] }),
  })
  .superRefine(({ for: least, upTo }, context) => {
    if (upTo === undefined || upTo >= least) return
    context.addIssue({ code: 'custom', path: ['upTo'], message: 'is shorter than "for"' })
  })
  .describe('Lets the response wait.')

/** Speedscale calls the time `duration`, and waits a second without it. */
const SPEEDSCALE_SLEEP = z
  .strictObject({
    for: z.exactOptional(z.string()).describe(OWN_OPTION),
    upTo: z.exactOptional(z.string()).describe(OWN_OPTION),
    duration: z.exactOptional(z.string()).describe('Speedscale: how long.'),
  })
  .transform(({ duration = '1s', ...own }) => ({ for: duration, ...own }))
  .pipe(DELAY_OPTIONS)

/** `delay`: lets the response wait. */
export const DELAY = mutatorRow(
  'delay',
  DELAY_OPTIONS,
  { shorthand: 'for', aliases: ['sleep'], config: SPEEDSCALE_SLEEP },
  ({ for: least, upTo }, { seed }) => ({
    mutate: changeHead(({ pair }) => {
      const numbers = seededNumbers(seed, 'delay', String(pair.id))
      return {
        // Drawn anew for each request, so the response is put together anew.
        texts: upTo === undefined ? [] : [{ changes: 'request', render: () => '' }],
        apply: (draft) => {
          draft.delayMs = least + (upTo === undefined ? 0 : numbers.below(upTo - least + 1))
        },
      }
    }),
  }),
)
