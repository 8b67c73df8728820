/** An HTTP/1 message read from raw text, by a parser that has nothing in common with the one under test. */
export interface Message {
  readonly start: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Pieces of the content: the chunks, or all of it. */
  readonly pieces: readonly string[]
  /** Lines behind the last chunk. */
  readonly trailers: string
  /** Where it ends in the text, or undefined when that has not come yet. */
  readonly end: number | undefined
}

/** What the text holds from a place on; undefined while its head is not whole. */
export function readMessage(text: string, from: number, bodiless: boolean): Message | undefined {
  const headEnd = text.indexOf('\r\n\r\n', from)
  if (headEnd === -1) return undefined
  const [start = '', ...lines] = text.slice(from, headEnd).split('\r\n')
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const value = (name: string): string | undefined =>
    fields.find(([candidate]) => candidate.toLowerCase() === name)?.[1]
  const at = headEnd + 4
  const message = { start, fields }
  const length = value('content-length')
  if (bodiless) return { ...message, framing: 'none', pieces: [], trailers: '', end: at }
  if (value('transfer-encoding') !== undefined) return { ...message, ...readChunks(text, at) }
  if (length !== undefined) {
    const end = at + Number(length)
    return {
      ...message,
      framing: 'length',
      pieces: [text.slice(at, end)],
      trailers: '',
      end: text.length >= end ? end : undefined,
    }
  }
  const request = / HTTP\/1\.\d$/.test(start)
  return request
    ? { ...message, framing: 'none', pieces: [], trailers: '', end: at }
    : { ...message, framing: 'close', pieces: [text.slice(at)], trailers: '', end: undefined }
}

function readChunks(text: string, from: number): Pick<Message, 'framing' | 'pieces' | 'trailers' | 'end'> {
  const pieces: string[] = []
  let at = from
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0) {
      const end = text.startsWith('\r\n', lineEnd + 2)
        ? lineEnd + 2
        : text.indexOf('\r\n\r\n', lineEnd + 2) + 2
      if (end === 1) return { framing: 'chunked', pieces, trailers: '', end: undefined }
      return { framing: 'chunked', pieces, trailers: text.slice(lineEnd + 2, end), end: end + 2 }
    }
    if (Number.isNaN(size)) return { framing: 'chunked', pieces, trailers: '', end: undefined }
    pieces.push(text.slice(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
    if (text.length < at) return { framing: 'chunked', pieces, trailers: '', end: undefined }
  }
}

/** Fields that end at the next connection (RFC 9110 §7.6.1), and `Host`, which names the next server. */
const HOPS = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'upgrade',
])

/**
 * What of a message has to stay: start line but for the version, which every hop states for itself (RFC 9110 §2.5),
 * end-to-end fields in their order, case and bytes, framing, content and trailers.
 */
export function comparable(message: Message, pieces: boolean): string {
  const named = new Set(
    message.fields
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/)),
  )
  const kept = message.fields.filter(([name]) => {
    const lower = name.toLowerCase()
    const framing = lower === 'content-length' || lower === 'transfer-encoding'
    return framing || !(HOPS.has(lower) || named.has(lower))
  })
  return [
    message.start.replace(/HTTP\/1\.0/, 'HTTP/1.1'),
    ...kept.map(([name, value]) => `${name}: ${value}`),
    `(${message.framing})`,
    ...(pieces ? message.pieces : [message.pieces.join('')]),
    message.trailers,
  ].join('\n')
}

/** Answers as they came: interim ones, then the final one, for each request. */
export function readAnswers(
  text: string,
  methods: readonly string[],
): { readonly messages: readonly Message[]; readonly whole: boolean; readonly rest: string } {
  const messages: Message[] = []
  let at = 0
  for (const method of methods) {
    for (;;) {
      const status = Number(/^HTTP\/1\.\d (\d+)/.exec(text.slice(at, at + 20))?.[1] ?? 0)
      const interim = status >= 100 && status < 200
      const message = readMessage(text, at, interim || method === 'HEAD' || status === 204 || status === 304)
      if (message === undefined) return { messages, whole: false, rest: text.slice(at) }
      messages.push(message)
      if (message.end === undefined) return { messages, whole: false, rest: '' }
      at = message.end
      if (!interim) break
    }
  }
  return { messages, whole: true, rest: text.slice(at) }
}
