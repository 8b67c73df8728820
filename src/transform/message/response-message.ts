import { binaryText, bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { fitChunks } from '../../core/content-piece.ts'
import { decodeBody, encodeBody } from '../../core/body-coding.ts'
import { followBody } from '../../core/body-fields.ts'
import type { HttpResponse } from '../../core/exchange.ts'
import type { WholePair } from '../../core/pair.ts'
import type { EpochMs } from '../../core/time.ts'
import { createFocus, type Focus } from './focus.ts'
import { renderLive, type Live } from './live.ts'

/** A recorded response whose parts can be changed. */
export interface ResponseMessage {
  readonly pair: WholePair
  /** The body with its content codings undone; undefined when they cannot be. */
  body(): Focus | undefined
  /** Each field of this name, in wire order. */
  header(name: string): readonly Focus[]
  /** True once any part was changed. */
  readonly touched: boolean
  /** What will be served; ask for it when all changes were made. */
  served(): ServedResponse
}

/** Gives the response for a moment: a promise only while a token is being signed. */
export type ServedResponse = (nowMs: EpochMs) => HttpResponse | Promise<HttpResponse>

/** Opens a recorded response for changes. */
export function responseMessage(pair: WholePair): ResponseMessage {
  const { response } = pair
  const headers: Focus[] = response.headers.map(([name, value]) => createFocus(`header ${name}`, value))
  let decoded: { readonly focus: Focus | undefined; readonly codings: readonly string[] } | undefined

  const openBody = (): NonNullable<typeof decoded> => {
    if (decoded !== undefined) return decoded
    const plain = decodeBody(response.headers, response.body)
    decoded = {
      focus: plain && createFocus('body', binaryText(plain.bytes)),
      codings: plain?.codings ?? [],
    }
    return decoded
  }

  return {
    pair,
    body: () => openBody().focus,
    header: (name) => {
      const wanted = name.toLowerCase()
      return headers.filter((_, index) => response.headers[index]?.[0].toLowerCase() === wanted)
    },
    get touched() {
      return decoded?.focus?.touched === true || headers.some((focus) => focus.touched)
    },
    served: () => {
      const body = decoded?.focus?.touched === true ? decoded.focus.live() : undefined
      const codings = decoded?.codings ?? []
      return cachedBySecond(
        response,
        headers.map((focus) => (focus.touched ? focus.live() : focus.recorded)),
        body === undefined ? undefined : { live: body, codings },
      )
    },
  }
}

interface ChangedBody {
  readonly live: Live
  readonly codings: readonly string[]
}

/** Renders at most once a second, and only once where nothing depends on the clock. */
function cachedBySecond(
  recorded: HttpResponse,
  headerValues: readonly Live[],
  body: ChangedBody | undefined,
): ServedResponse {
  const lives = body === undefined ? headerValues : [...headerValues, body.live]
  const changes = lives.some((live) => typeof live !== 'string' && live.changes === 'second')
    ? 'second'
    : 'once'
  let cached: { readonly second: number; response: HttpResponse | Promise<HttpResponse> } | undefined

  return (nowMs) => {
    const second = changes === 'once' ? 0 : Math.floor(nowMs / 1000)
    if (cached?.second === second) return cached.response
    const rendered = lives.map((live) => renderLive(live, { nowMs }))
    const response = rendered.every((text) => typeof text === 'string')
      ? assemble(recorded, rendered, body?.codings)
      : Promise.all(rendered.map((text) => Promise.resolve(text))).then((texts) =>
          assemble(recorded, texts, body?.codings),
        )
    const entry = { second, response }
    cached = entry
    if (response instanceof Promise) {
      response.then(
        (ready) => {
          entry.response = ready
        },
        () => {
          // The request that waits gets the error; the next one tries again.
          if (cached === entry) cached = undefined
        },
      )
    }
    return response
  }
}

/** @param texts one for each header, then the body when `codings` says that it changed */
function assemble(
  recorded: HttpResponse,
  texts: readonly BinaryText[],
  codings: readonly string[] | undefined,
): HttpResponse {
  const headers = recorded.headers.map(([name], index) => [name, texts[index] ?? ''] as const)
  if (codings === undefined) return { ...recorded, headers }
  const body = encodeBody(bytesOfText(texts.at(-1) ?? ''), codings)
  const { chunks } = recorded
  return {
    ...recorded,
    headers: followBody(headers, body),
    body,
    ...(chunks === undefined
      ? {}
      : { chunks: fitChunks(chunks, headers, recorded.body, body, codings.length === 0) }),
  }
}
