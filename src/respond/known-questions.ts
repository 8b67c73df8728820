import { hash } from 'node:crypto'
import type { HttpRequest } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'
import { asksForWebSocket } from '../core/web-socket-request.ts'
import { createKnownContents } from './known-contents.ts'

/** How many heads are remembered; then all are forgotten, so that keeping order costs nothing. */
const MOST_KNOWN = 4096
/** Longer ones are not remembered: together they would be much memory. */
const LONGEST = 512
/** Of a longer content a signature costs little beside what else is done with it. */
const MOST_BYTES = 64 * 1024

/** Finds the first entry that asks what a request asks of a backend; -1 for none. */
export type FindQuestion = (request: HttpRequest, origin: string | undefined) => number

/**
 * Remembers where requests were found, so that one that comes again costs no signature. Only for rules by which nothing
 * else of such a request counts than method, authority, target, the type of its content, and its content.
 * @param find the slow way; what it does not find is asked for again
 */
export function knownQuestions(find: FindQuestion): FindQuestion {
  const entries = createNames()
  const pays = usefulness()
  const withContent = contentQuestions(find)
  return (request, origin) => {
    const { body, target, authority } = request
    if (target.length + authority.length > LONGEST || asksForWebSocket(request)) return find(request, origin)
    if (body.length > 0) return withContent(request, origin)
    if (!pays.now()) return find(request, origin)
    const name = nameOf(request)
    const known = entries.get(origin, name)
    pays.tell(known !== undefined)
    if (known !== undefined) return known
    const found = find(request, origin)
    if (found !== -1) entries.set(origin, name, found)
    return found
  }
}

/** Requests after which it is looked whether remembering pays. */
const TRIED = 1024
/** It pays where one in so many is known. */
const ONE_IN = 4
/** Where it does not, so many times as many requests go without. */
const REST = 16

/** Whether enough requests come again: where they are of many kinds, to remember them costs more than it spares. */
function usefulness() {
  let tried = 0
  let known = 0
  let resting = 0
  return {
    now: (): boolean => {
      if (resting === 0) return true
      resting -= 1
      return false
    },
    tell: (wasKnown: boolean): void => {
      tried += 1
      if (wasKnown) known += 1
      if (tried < TRIED) return
      if (known * ONE_IN < tried) resting = TRIED * REST
      tried = 0
      known = 0
    },
  }
}

/** The same for requests with content: by their heads, which get numbers, and by the digests of their contents. */
function contentQuestions(find: FindQuestion): FindQuestion {
  const heads = createNames()
  const contents = createKnownContents()
  let headCount = 0
  /** The one before, since many contents come with one head; no text is put together for it. */
  let last: KnownHead | undefined
  const headOf = (request: HttpRequest, origin: string | undefined, type: string): KnownHead => {
    const { method, authority, target } = request
    const isLast =
      last?.target === target &&
      last.type === type &&
      last.method === method &&
      last.authority === authority &&
      last.origin === origin
    if (last !== undefined && isLast) return last
    const name = `${nameOf(request)} ${type}`
    const number = heads.get(origin, name) ?? (headCount += 1)
    last = { method, authority, target, type, origin, name, number }
    return last
  }
  return (request, origin) => {
    const { headers, body } = request
    const type = body.length > MOST_BYTES ? undefined : plainType(headers)
    if (type === undefined) return find(request, origin)
    const { name, number: head } = headOf(request, origin, type)
    const digest = hash('sha256', body, 'binary')
    const known = contents.find(head, digest)
    if (known !== -1) return known
    const found = find(request, origin)
    if (found === -1) return found
    heads.set(origin, name, head)
    contents.keep(head, digest, found)
    return found
  }
}

interface KnownHead extends Pick<HttpRequest, 'method' | 'authority' | 'target'> {
  readonly type: string
  readonly origin: string | undefined
  readonly name: string
  readonly number: number
}

/** Lengths keep an authority with a space in it from being another target, and a target from being a type. */
function nameOf({ method, authority, target }: HttpRequest): string {
  return `${authority.length} ${target.length} ${method} ${authority} ${target}`
}

/** The type of a content that is in no coding; undefined where it is in one, or the type is long. */
function plainType(headers: RawHeaders): string | undefined {
  let type: string | undefined
  for (const [name, value] of headers) {
    if (name.length === 16 && name.toLowerCase() === 'content-encoding') return undefined
    if (name.length === 12 && name.toLowerCase() === 'content-type') type ??= value
  }
  return (type?.length ?? 0) > LONGEST ? undefined : (type ?? '')
}

/** Numbers by origin and name. */
function createNames() {
  const numbers = new Map<string | undefined, Map<string, number>>()
  return {
    get: (origin: string | undefined, name: string) => numbers.get(origin)?.get(name),
    set: (origin: string | undefined, name: string, number: number): void => {
      const here = numbers.get(origin) ?? new Map<string, number>()
      if (here.size >= MOST_KNOWN) here.clear()
      numbers.set(origin, here.set(name, number))
    },
  }
}
