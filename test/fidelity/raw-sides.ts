import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { FidelityCase, Step } from './fidelity-case.ts'
import { comparable, readAnswers, readMessage } from './message.ts'

/** What the two sides of one case can see of each other. */
export interface Meeting {
  clientText: string
  /** All that came to the upstream for this case. */
  upstreamText: string
  /** Requests as the upstream got them, in comparable form. */
  readonly requests: string[]
  /** The upstream's connection of this case was closed. */
  upstreamClosed: boolean
  /** Called at every change. */
  readonly watchers: Set<() => void>
}

export interface RawUpstream {
  readonly url: string
  readonly port: number
  readonly meetings: ReadonlyMap<string, Meeting>
  close(): Promise<void>
}

/** Resolves once the meeting is so. */
export function until(meeting: Meeting, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo()) return
      meeting.watchers.delete(look)
      resolve()
    }
    meeting.watchers.add(look)
    look()
  })
}

const changed = (meeting: Meeting): void => {
  for (const watcher of meeting.watchers) watcher()
}

/** An upstream made of sockets alone; it knows by `X-Case` which script to follow. */
export async function startUpstream(cases: readonly FidelityCase[]): Promise<RawUpstream> {
  const meetings = new Map(
    cases.map(({ id }) => [
      id,
      {
        clientText: '',
        upstreamText: '',
        requests: [],
        upstreamClosed: false,
        watchers: new Set<() => void>(),
      },
    ]),
  )
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serveConnection(socket, cases, meetings).catch(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    meetings,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function serveConnection(
  socket: Socket,
  cases: readonly FidelityCase[],
  meetings: ReadonlyMap<string, Meeting>,
): Promise<void> {
  let text = ''
  let current: Meeting | undefined
  let wake: () => void = () => {}
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (current !== undefined) current.upstreamText += chunk.toString('latin1')
    if (current !== undefined) changed(current)
    wake()
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    if (current !== undefined) current.upstreamClosed = true
    if (current !== undefined) changed(current)
    wake()
  })
  const come = async (isSo: () => boolean): Promise<void> => {
    while (!isSo() && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  for (let start = 0; !socket.destroyed;) {
    // Empty lines before a request do not count (RFC 9112 §2.2).
    await come(() => {
      while (text.startsWith('\r\n', start)) start += 2
      return text.includes('\r\n\r\n', start)
    })
    const id = /\r\nX-Case: ([^\r]*)/.exec(text.slice(start))?.[1] ?? ''
    const meeting = meetings.get(id)
    const script = cases.find((one) => one.id === id)
    if (meeting === undefined || script === undefined) return
    current = meeting
    meeting.upstreamText += text.slice(start)
    changed(meeting)
    const request = (): ReturnType<typeof readMessage> => readMessage(text, start, false)
    await follow(stepsFor(script, text.slice(start)), {
      socket,
      heard: (wanted) => come(() => text.includes(wanted, start)),
      seen: (wanted) => until(meeting, () => meeting.clientText.includes(wanted)),
      whole: () => come(() => request()?.end !== undefined),
    })
    await come(() => request()?.end !== undefined)
    const message = request()
    if (message !== undefined) meeting.requests.push(comparable(message, script.pieces === true))
    changed(meeting)
    start = message?.end ?? text.length
  }
}

function stepsFor({ upstream, id }: FidelityCase, text: string): readonly Step[] {
  if (Array.isArray(upstream)) return upstream.map((step) => filled(step, id))
  const target = text.split(' ', 2)[1] ?? ''
  const found = Object.entries(upstream).find(([wanted]) => target.endsWith(wanted))
  return (found?.[1] ?? []).map((step: Step) => filled(step, id))
}

/** Puts the case's id into a step's text. */
export function filled(step: Step, id: string): Step {
  return 'text' in step ? { ...step, text: step.text.replaceAll('{id}', id) } : step
}

interface Side {
  readonly socket: Socket
  heard(text: string): Promise<void>
  seen(text: string): Promise<void>
  whole(): Promise<void>
}

async function follow(steps: readonly Step[], side: Side): Promise<void> {
  for (const step of steps) {
    if (step.does === 'say') side.socket.write(step.text, 'latin1')
    else if (step.does === 'hear') await side.heard(step.text)
    else if (step.does === 'see') await side.seen(step.text)
    else if (step.does === 'whole') await side.whole()
    else await leave(side.socket, step.does)
  }
}

async function leave(socket: Socket, how: 'close' | 'reset'): Promise<void> {
  if (socket.destroyed) return
  // What was said has left before.
  await new Promise<void>((resolve) => {
    socket.write('', () => resolve())
  })
  if (how === 'reset') socket.resetAndDestroy()
  else socket.destroySoon()
}

/** What a client got: answers in comparable form, and how they ended. */
export interface ClientResult {
  readonly answers: readonly string[]
  /** `whole`, or how the connection ended before the last answer was. */
  readonly ending: string
}

/** Longer than any exchange takes on a busy machine: one that hangs is told by it. */
const DEADLINE_MS = 60_000

/** A client made of a socket alone. */
export async function runClient(
  script: FidelityCase,
  port: number,
  meeting: Meeting,
  upstreamIsThere: boolean,
): Promise<ClientResult> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let ending = ''
  let left = false
  const methods = methodsOf(script)
  const end = (how: string): void => {
    ending ||= how
    changed(meeting)
  }
  const deadline = setTimeout(() => {
    end('it hung')
    socket.destroy()
  }, DEADLINE_MS)
  socket.on('data', (chunk: Buffer) => {
    meeting.clientText += chunk.toString('latin1')
    changed(meeting)
  })
  socket.on('error', () => end('reset'))
  socket.once('close', () => end('closed'))
  const wanted = (upstreamIsThere ? undefined : script.again) ?? script.client
  const steps = wanted
    .map((step) => filled(step, script.id))
    .filter((step) => upstreamIsThere || step.does !== 'see')
  await follow(steps, {
    socket,
    heard: (text) => until(meeting, () => ending !== '' || meeting.clientText.includes(text)),
    seen: (text) => until(meeting, () => ending !== '' || meeting.upstreamText.includes(text)),
    whole: () => Promise.resolve(),
  })
  left = steps.some(({ does }) => does === 'close' || does === 'reset')
  if (!left) await until(meeting, () => ending !== '' || readAnswers(meeting.clientText, methods).whole)
  clearTimeout(deadline)
  const { messages, whole, rest } = readAnswers(meeting.clientText, methods)
  const last = messages.at(-1)
  const complete = whole || (last?.framing === 'close' && ending === 'closed')
  socket.destroy()
  const answers = messages.map((message) => comparable(message, script.pieces === true))
  return {
    answers: rest === '' ? answers : [...answers, rest],
    ending: left ? 'the client left' : complete ? 'whole' : ending,
  }
}

/** The methods of the requests a client makes, in order. */
function methodsOf({ client }: FidelityCase): readonly string[] {
  const text = client.map((step) => (step.does === 'say' ? step.text : '')).join('')
  return [...text.matchAll(/(?:^|\r\n\r\n|\n)([!#-'*+.0-9A-Z^-z|~-]+) [^\r\n ]+ HTTP\/1\.[01]\r\n/g)].map(
    (match) => match[1] ?? '',
  )
}
