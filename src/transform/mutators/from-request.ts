import { z } from 'zod'
import { renderLive, type Live } from '../message/live.ts'
import { mutatorRow } from '../steps/step-row.ts'
import {
  REQUEST_SOURCES,
  sourceProblem,
  type RequestSource,
  type RequestSourceWord,
} from '../values/request-source.ts'

const source = (word: RequestSourceWord, what: string, example: string | number) =>
  z
    .exactOptional(
      z.union([z.string(), z.int().transform(String)]).superRefine((name, context) => {
        const problem = sourceProblem(word, name)
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
      }),
    )
    .describe(what)
    .meta({ examples: [example] })

const OPTIONS = z
  .strictObject({
    query: source('query', 'Name of a query parameter.', 'state'),
    header: source('header', 'Name of a header field.', 'X-Request-Id'),
    cookie: source('cookie', 'Name of a cookie.', 'session'),
    form: source('form', 'Name of a field of a form.', 'code_challenge'),
    json: source('json', 'JSON path into the body; the first value is meant.', '$.order.id'),
    segment: source('segment', 'Position of a segment of the path, from 0.', 1),
  })
  .superRefine((sources, context) => {
    if (Object.values(sources).filter((name) => name !== undefined).length === 1) return
    const params = { hint: 'For example: from_request: { query: state }.' }
    context.addIssue({ code: 'custom', message: 'must name one part of the request', params })
  })
  .describe('Puts a value of the live request; where the request has none, what was recorded stays.')
  .meta({ examples: [{ query: 'state' }] })

/** `from_request`: puts a value of the live request. */
export const FROM_REQUEST = mutatorRow('from_request', OPTIONS, {}, (definition) => {
  const read = sourceOf(definition)
  return {
    mutate: (focus) => {
      if (read === undefined) return { notFound: 'no part of the request' }
      const live = (value: Live): Live => ({
        changes: 'request',
        render: (moment) => read(moment.request) ?? renderLive(value, moment),
      })
      focus.put(live)
      return undefined
    },
  }
})

type Sources = Readonly<Partial<Record<RequestSourceWord, string>>>

function sourceOf(sources: Sources): RequestSource | undefined {
  const words = ['query', 'header', 'cookie', 'form', 'json', 'segment'] as const
  for (const word of words) {
    const name = sources[word]
    if (name !== undefined) return REQUEST_SOURCES[word](name)
  }
  return undefined
}
