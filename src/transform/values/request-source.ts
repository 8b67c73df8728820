import type { BinaryText } from '../../core/binary-text.ts'
import { compileJsonPath } from '../json-path/json-path.ts'
import { cookieItems } from '../locators/cookie-items.ts'
import { formItems } from '../locators/form-items.ts'
import { jsonSpot } from '../locators/json-spot.ts'
import { pathSegments, urlParts } from '../locators/url-parts.ts'
import type { RequestMessage } from '../message/request-message.ts'

/** Reads one value of a request; undefined where it has none. */
export type RequestSource = (request: RequestMessage) => BinaryText | undefined

/** The parts of a request that a value can be taken from, by their word; each is given a name. */
export const REQUEST_SOURCES = {
  query:
    (name: string): RequestSource =>
    ({ request }) => {
      const { query } = urlParts(request.target)
      return query && fieldOf(request.target, name, query.start, query.end)
    },
  header:
    (name: string): RequestSource =>
    (request) =>
      request.header(name)[0]?.recorded,
  cookie:
    (name: string): RequestSource =>
    (request) => {
      for (const { recorded } of request.header('Cookie')) {
        const cookie = cookieItems(recorded).find((item) => item.name === name)
        if (cookie !== undefined) return recorded.slice(cookie.value.start, cookie.value.end)
      }
      return undefined
    },
  form:
    (name: string): RequestSource =>
    (request) => {
      const text = request.body()?.recorded ?? ''
      return fieldOf(text, name, 0, text.length)
    },
  json: (path: string): RequestSource => {
    const query = compileJsonPath(path)
    return (request) => {
      const body = request.body()
      const root = body?.json()
      const [found] = (body && root && query.select(root, body.recorded)) ?? []
      if (body === undefined || found === undefined) return undefined
      const { start, end, codec } = jsonSpot(body.recorded, found)
      return codec?.decode(body.recorded.slice(start, end))
    }
  },
  segment: (index: string): RequestSource => {
    const locate = pathSegments(Number(index))
    return (request) => {
      const found = locate(request.target())
      return 'notFound' in found ? undefined : found[0]?.recorded
    }
  },
} as const satisfies Readonly<Record<string, (name: string) => RequestSource>>

export type RequestSourceWord = keyof typeof REQUEST_SOURCES

/** What is wrong with the name that a word is given, as words that follow it. */
export function sourceProblem(word: RequestSourceWord, name: string): string | undefined {
  if (name === '') return 'lacks a name'
  if (word === 'segment' && !/^-?\d{1,3}$/.test(name)) return 'needs a position'
  if (word !== 'json') return undefined
  try {
    compileJsonPath(name)
    return undefined
  } catch {
    // Its own sentence would name a character of another text.
    return 'has a JSON path that is none'
  }
}

export function isRequestSourceWord(word: string): word is RequestSourceWord {
  return Object.hasOwn(REQUEST_SOURCES, word)
}

function fieldOf(text: BinaryText, name: string, start: number, end: number): BinaryText | undefined {
  return formItems(text, start, end)
    .find((item) => item.name === name)
    ?.decoded(text)
}
