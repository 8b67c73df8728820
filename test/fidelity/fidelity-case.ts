/** What one side of an exchange does next; texts are bytes, a character each. */
export type Step =
  | { readonly does: 'say'; readonly text: string }
  /** Waits until this side has received the text; an upstream looks at the request it answers only. */
  | { readonly does: 'hear'; readonly text: string }
  /** Waits until the other side has received the text: what was said so far did not wait for more. */
  | { readonly does: 'see'; readonly text: string }
  /** An upstream waits for the end of the request. */
  | { readonly does: 'whole' }
  /** Ends the connection: by a close, or by a reset. */
  | { readonly does: 'close' }
  | { readonly does: 'reset' }

export const say = (text: string): Step => ({ does: 'say', text })
export const hear = (text: string): Step => ({ does: 'hear', text })
export const see = (text: string): Step => ({ does: 'see', text })
export const WHOLE: Step = { does: 'whole' }
export const CLOSE: Step = { does: 'close' }
export const RESET: Step = { does: 'reset' }

/** One exchange, or several on one connection, and what of it may differ through reseal. */
export interface FidelityCase {
  /** Unique; `{id}` in the texts stands for it. */
  readonly id: string
  /** What is kept, as the page says it. */
  readonly name: string
  readonly client: readonly Step[]
  /** What the upstream does from the moment a request's head is here; by target where there are several requests. */
  readonly upstream: readonly Step[] | Readonly<Record<string, readonly Step[]>>
  /** What the client does at the replay instead, where an answer only begins when its request is whole. */
  readonly again?: readonly Step[]
  /** The pieces of chunked content are compared too, and not only their sum. */
  readonly pieces?: true
  readonly differs?: Difference
}

/** What cannot stay as it is, and why; everything else is compared. */
export interface Difference {
  readonly why: string
  /** What the upstream gets of the direct request, both in comparable form. */
  readonly request?: (direct: string) => string
  /** What the client gets of the direct answer; or the status of reseal's own answer in its place. */
  readonly response?: ((direct: string) => string) | number
}

export interface CaseGroup {
  readonly title: string
  readonly cases: readonly FidelityCase[]
}

/** A request of HTTP/1.1. */
export function ask(method: string, target: string, fields = '', content = ''): string {
  return `${method} ${target} HTTP/1.1\r\nHost: upstream.test\r\nX-Case: {id}\r\n${fields}\r\n${content}`
}

/** `GET /{id}` and a whole answer. */
export function answered(
  id: string,
  name: string,
  answer: string,
  more: Partial<FidelityCase> = {},
): FidelityCase {
  return { id, name, client: [say(ask('GET', '/{id}'))], upstream: [WHOLE, say(answer)], ...more }
}

/** A request, and `200` with content when it is whole. */
export function asked(
  id: string,
  name: string,
  request: string,
  more: Partial<FidelityCase> = {},
): FidelityCase {
  return { id, name, client: [say(request)], upstream: [WHOLE, say(ok('answer'))], ...more }
}

/** `200` with content of a known length. */
export function ok(content: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${content.length}\r\n\r\n${content}`
}

/** Content in the chunked coding, a chunk a piece. */
export function chunked(pieces: readonly string[], trailers = ''): string {
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  return `${chunks.join('')}0\r\n${trailers}\r\n`
}

export const CHUNKED = 'Transfer-Encoding: chunked\r\n'
