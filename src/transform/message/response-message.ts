import { STATUS_CODES } from 'node:http'
import { binaryText, bytesOfText, type BinaryText } from '../../core/binary-text.ts'
import { fitChunks } from '../../core/content-piece.ts'
import { decodeBody, encodeBody } from '../../core/body-coding.ts'
import { followBody } from '../../core/body-fields.ts'
import { ResealError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import type { HttpRequest, HttpResponse } from '../../core/exchange.ts'
import type { RawHeaders } from '../../core/headers.ts'
import type { AnsweredPair } from '../../core/pair.ts'
import { epochSeconds, type EpochMs } from '../../core/time.ts'
import { AS_IS } from './codec.ts'
import { createPlace, type Focus, type Place } from './focus.ts'
import { changesOf, renderAll, type Changes, type Live, type Moment } from './live.ts'
import type { ResponseDraft } from './response-draft.ts'

/** A recorded response whose parts can be changed. */
export interface ResponseMessage {
  readonly pair: AnsweredPair
  /** The body with its content codings undone; undefined when they cannot be. */
  body(): Focus | undefined
  /** Each field of this name, in wire order. */
  header(name: string): readonly Focus[]
  /** Each trailer field of this name, in wire order. */
  trailer(name: string): readonly Focus[]
  /** The status code, as digits. */
  status(): Focus
  /** Milliseconds from the request to the response's head, as digits; put there, they are waited for. */
  latency(): Focus
  /** Changes the head in a way that no place stands for; made after all places, in the order they were asked for. */
  edit(edit: HeadEdit): void
  /** True once any part was changed. */
  readonly touched: boolean
  /** What will be served; ask for it when all changes were made. */
  served(): MessageResponse
}

/** A change of the head: the texts it is made from, and what it does with them. */
export interface HeadEdit {
  readonly texts: readonly Live[]
  /** Left out where it is always made. */
  readonly when?: ((moment: Moment) => boolean) | undefined
  apply(draft: ResponseDraft, texts: readonly BinaryText[]): void
}

/** What a message gives at each moment. */
export interface MessageResponse {
  /** How often it is another one. */
  readonly changes: Changes
  /** The response for a moment: a promise only while a token is being signed. */
  at(moment: Moment): HttpResponse | Promise<HttpResponse>
  /** The same, where it was made for this second before and is the same for every request. */
  atHand(nowMs: EpochMs): HttpResponse | Promise<HttpResponse> | undefined
}

/**
 * Gives the response to a request at a time; a pair that a step changed has one.
 * @param client what was learnt from its requests is for its answers alone; left out, for all who leave it out
 */
export type ServedResponse = (
  nowMs: EpochMs,
  request: HttpRequest,
  client?: object,
) => HttpResponse | Promise<HttpResponse>

/** Opens a recorded response for changes. */
export function responseMessage(pair: AnsweredPair): ResponseMessage {
  const { response } = pair
  const headers = fieldPlaces('header', response.headers)
  const trailers = fieldPlaces('trailer', response.trailers)
  let status: Place | undefined
  let latency: Place | undefined
  const edits: HeadEdit[] = []
  let decoded: { readonly place: Place | undefined; readonly codings: readonly string[] } | undefined

  const openBody = (): NonNullable<typeof decoded> => {
    if (decoded !== undefined) return decoded
    const plain = decodeBody(response.headers, response.body)
    decoded = {
      place: plain && createPlace('body', binaryText(plain.bytes)),
      codings: plain?.codings ?? [],
    }
    return decoded
  }

  return {
    pair,
    body: () => openBody().place?.focus,
    header: headers.named,
    trailer: trailers.named,
    status: () => (status ??= createPlace('status', String(response.status))).focus,
    latency: () => (latency ??= createPlace('latency', latencyOf(pair))).focus,
    edit: (edit) => {
      edits.push(edit)
    },
    get touched() {
      if (edits.length > 0 || headers.touched() || trailers.touched()) return true
      return [status, latency, decoded?.place].some((place) => place?.focus.touched)
    },
    served: () => {
      const body = decoded?.place?.focus.touched === true ? decoded.place.focus.live() : undefined
      const changed: ChangedParts = {
        headers: headers.written(),
        trailers: trailers.written(),
        status: status?.focus.live() ?? String(response.status),
        latency: latency?.focus.touched === true ? latency.focus.live() : undefined,
        body,
        codings: decoded?.codings ?? [],
        edits,
      }
      refuseNoStatus(changed.status)
      return cached(changed, assembler(response, changed))
    },
  }
}

function latencyOf({ firstByteMs, tookMs }: AnsweredPair): string {
  return String(Math.round(firstByteMs ?? tookMs))
}

/** Fields as places, each opened when it is first asked for. */
interface FieldPlaces {
  named(name: string): readonly Focus[]
  touched(): boolean
  written(): readonly WrittenField[]
}

function fieldPlaces(what: string, fields: RawHeaders): FieldPlaces {
  const opened = new Map<number, Place>()
  return {
    named: (name) => {
      const wanted = name.toLowerCase()
      return fields.flatMap(([other, value], index) => {
        if (other.toLowerCase() !== wanted) return []
        const place = opened.get(index) ?? createPlace(`${what} ${other}`, value, { isRemovable: true })
        opened.set(index, place)
        return [place.focus]
      })
    },
    touched: () => opened.size > 0 && opened.values().some(({ focus }) => focus.touched),
    written: () =>
      fields.map(([, value], index) => {
        const place = opened.get(index)
        return place === undefined ? { live: value, isGone: false } : writtenField(place)
      }),
  }
}

interface WrittenField {
  readonly live: Live
  readonly isGone: boolean | ((moment: Moment) => boolean)
}

function writtenField(place: Place): WrittenField {
  const removal = place.removal()
  return {
    live: place.focus.touched ? place.written(AS_IS) : place.focus.recorded,
    isGone: typeof removal === 'function' ? removal : removal === 'always',
  }
}

interface ChangedParts {
  readonly headers: readonly WrittenField[]
  readonly trailers: readonly WrittenField[]
  readonly status: Live
  readonly latency: Live | undefined
  readonly body: Live | undefined
  readonly codings: readonly string[]
  readonly edits: readonly HeadEdit[]
}

function changesOfParts({ headers, trailers, status, latency, body, edits }: ChangedParts): Changes {
  const fields = [...headers, ...trailers]
  const isConditional =
    fields.some(({ isGone }) => typeof isGone === 'function') || edits.some(({ when }) => when !== undefined)
  if (isConditional) return 'request'
  const texts = [...fields.map(({ live }) => live), ...edits.flatMap((edit) => edit.texts)]
  return changesOf([...texts, status, latency ?? '', body ?? ''])
}

/** Renders for each request, or at most once a second, or only once: as often as anything in it changes. */
function cached(parts: ChangedParts, assemble: MessageResponse['at']): MessageResponse {
  const changes = changesOfParts(parts)
  if (changes === 'request') return { changes, at: assemble, atHand: () => undefined }
  const secondOf = (nowMs: EpochMs): number => (changes === 'once' ? 0 : epochSeconds(nowMs))
  let last: { readonly second: number; response: HttpResponse | Promise<HttpResponse> } | undefined
  const atHand = (nowMs: EpochMs): HttpResponse | Promise<HttpResponse> | undefined =>
    last?.second === secondOf(nowMs) ? last.response : undefined
  const make = (moment: Moment): HttpResponse | Promise<HttpResponse> => {
    const made = assemble(moment)
    const response = made instanceof Promise ? made.then(givenAgain) : givenAgain(made)
    const entry = { second: secondOf(moment.nowMs), response }
    last = entry
    if (response instanceof Promise) {
      response.then(
        (ready) => {
          entry.response = ready
        },
        () => {
          // The request that waits gets the error; the next one tries again.
          if (last === entry) last = undefined
        },
      )
    }
    return response
  }
  return { changes, at: (moment) => atHand(moment.nowMs) ?? make(moment), atHand }
}

/** What is sent of it is made ready once. */
function givenAgain(response: HttpResponse): HttpResponse {
  return { ...response, memo: {} }
}

function assembler(recorded: HttpResponse, parts: ChangedParts): MessageResponse['at'] {
  const lives = [
    ...parts.headers.map(({ live }) => live),
    ...parts.trailers.map(({ live }) => live),
    parts.status,
    parts.latency ?? '',
    parts.body ?? '',
    ...parts.edits.flatMap(({ texts }) => texts),
  ]
  return (moment) => {
    const texts = renderAll(lives, moment)
    return texts instanceof Promise
      ? texts.then((made) => assembled(recorded, parts, made, moment))
      : assembled(recorded, parts, texts, moment)
  }
}

/** @param texts one for each header and trailer, the status, the latency, the body, then those of the edits */
function assembled(
  recorded: HttpResponse,
  parts: ChangedParts,
  texts: readonly BinaryText[],
  moment: Moment,
): HttpResponse {
  let at = 0
  const next = (): BinaryText => texts[at++] ?? ''
  const kept = (fields: RawHeaders, written: readonly WrittenField[]): RawHeaders =>
    fields.flatMap(([name], index) => {
      const value = fieldText(next(), written[index]?.live)
      const isGone = written[index]?.isGone ?? false
      return (typeof isGone === 'function' ? isGone(moment) : isGone) ? [] : [[name, value] as const]
    })
  const headers = kept(recorded.headers, parts.headers)
  const trailers = kept(recorded.trailers, parts.trailers)
  const status = Number(next())
  const delayMs = Number(next())
  const draft: ResponseDraft = {
    // A live request may have brought what is none; what stands was checked at load.
    status: isStatus(status) ? status : recorded.status,
    headers: [...headers],
    delayMs: Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), MAX_DELAY_MS) : 0,
    body: recorded.body,
  }
  const text = next()
  if (parts.body !== undefined) draft.body = encodeBody(bytesOfText(text), parts.codings)
  for (const { texts: own, when, apply } of parts.edits) {
    const made = own.map(next)
    if (when === undefined || when(moment)) apply(draft, made)
  }
  return finished(recorded, draft, trailers, parts.codings)
}

/** @throws ResealError TRANSFORM_INVALID where what was put is no status of a final response */
function refuseNoStatus(status: Live): void {
  if (typeof status !== 'string' || isStatus(Number(status))) return
  throw new ResealError('TRANSFORM_INVALID', `"${printable(status)}" is put for a status, and is none`, {
    hint: 'A status is a number from 200 to 999.',
  })
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 999
}

/** A longer delay is a mistake, and would hold a client for ever. */
const MAX_DELAY_MS = 10 * 60_000

// eslint-disable-next-line no-control-regex -- RFC 9110 §5.5: what must not stand in a field
const NOT_IN_FIELD = /[\x00-\x08\x0a-\x1f\x7f]/g

/** Values of live requests must not end a field and begin another; what was recorded stays as it is. */
export function fieldText(text: BinaryText, live: Live | undefined): BinaryText {
  return typeof live === 'string' && live === text && !NOT_IN_FIELD.test(text)
    ? text
    : text.replaceAll(NOT_IN_FIELD, ' ')
}

function finished(
  recorded: HttpResponse,
  draft: ResponseDraft,
  trailers: RawHeaders,
  codings: readonly string[],
): HttpResponse {
  const { status, delayMs, body } = draft
  const headers = body === recorded.body ? draft.headers : followBody(draft.headers, body, recorded.body)
  const { chunks, ...rest } = recorded
  const pieces =
    body === recorded.body
      ? chunks
      : chunks && fitChunks(chunks, headers, recorded.body, body, codings.length === 0)
  return {
    ...rest,
    status,
    reason: status === recorded.status ? recorded.reason : (STATUS_CODES[status] ?? ''),
    headers,
    trailers,
    body,
    ...(pieces === undefined ? {} : { chunks: pieces }),
    ...(delayMs > 0 ? { delivery: { ...recorded.delivery, delayMs } } : {}),
  }
}
