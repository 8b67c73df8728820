import type { ChildProcess } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { ResealError } from '../../core/errors.ts'
import { failureNote, failureOf, type FailureNote } from '../../store/writer-messages.ts'

/** What one side asks of the other: by name, what is sent and what comes back. */
type Calls<T> = { readonly [N in keyof T]: { readonly asked: unknown; readonly told: unknown } }

/** What answers the calls of the other side. */
export type CallHandlers<In extends Calls<In>> = {
  readonly [N in keyof In]: (asked: In[N]['asked']) => In[N]['told'] | Promise<In[N]['told']>
}

/** What hears the notes of the other side. A socket comes with some. */
export type NoteHandlers<InNotes> = {
  readonly [N in keyof InNotes]: (note: InNotes[N], socket: Socket | undefined) => void
}

/** Calls and notes between two processes, in order. */
export interface Channel<Out extends Calls<Out>, OutNotes> {
  /** @throws ResealError what the other side threw; UNEXPECTED when it ended */
  ask<N extends keyof Out & string>(name: N, asked: Out[N]['asked']): Promise<Out[N]['told']>
  /** @param socket goes along, and is not this process's any more */
  note<N extends keyof OutNotes & string>(name: N, note: OutNotes[N], socket?: Socket): void
}

interface Sides<In extends Calls<In>, InNotes> {
  readonly calls: CallHandlers<In>
  readonly notes: NoteHandlers<InNotes>
}

type Message<In, InNotes> =
  | { readonly kind: 'ask'; readonly id: number; readonly name: keyof In; readonly value: never }
  | { readonly kind: 'told'; readonly id: number; readonly value: never }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: FailureNote }
  | {
      readonly kind: 'note'
      readonly name: keyof InNotes
      readonly value: never
      /** The number of the connection that comes along. */
      readonly hands?: number
    }
  | { readonly kind: 'took'; readonly hands: number }

/** One end of the channel that `fork` makes. */
export function openChannel<Out extends Calls<Out>, OutNotes, In extends Calls<In>, InNotes>(
  peer: EventEmitter & { readonly connected: boolean; send?: ChildProcess['send'] | undefined },
  { calls, notes }: Sides<In, InNotes>,
): Channel<Out, OutNotes> {
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  /**
   * Connections on their way. This side keeps each open until the other has it: Node itself would keep the one that the
   * other side ended with for ever, and its client waiting.
   */
  const going = new Map<number, Socket>()
  let asked = 0
  let handed = 0
  const send = (message: object, socket?: Socket): void => {
    if (!peer.connected) {
      socket?.destroy()
      return
    }
    // Whoever is gone is seen to by those who hear of its end.
    peer.send?.(message, socket, { keepOpen: true }, () => {})
  }
  const answer = async (id: number, name: keyof In, value: never): Promise<void> => {
    try {
      send({ kind: 'told', id, value: await calls[name](value) })
    } catch (error) {
      send({ kind: 'failed', id, failure: portable(error) })
    }
  }
  peer.on('message', (received: unknown, handle: unknown) => {
    const message = parseMessage<In, InNotes>(received)
    const socket = handle instanceof Socket ? handle : undefined
    if (message.kind === 'ask') void answer(message.id, message.name, message.value)
    else if (message.kind === 'note') {
      if (message.hands !== undefined) send({ kind: 'took', hands: message.hands })
      notes[message.name](message.value, socket)
    } else if (message.kind === 'took') {
      // This closes no more than the copy that is here.
      going.get(message.hands)?.destroy()
      going.delete(message.hands)
    } else {
      const one = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.kind === 'told') one?.resolve(message.value)
      else one?.reject(failureOf(message.failure))
    }
  })
  const end = (): void => {
    for (const { reject } of waiting.values()) reject(ended())
    waiting.clear()
    for (const socket of going.values()) socket.destroy()
    going.clear()
  }
  peer.on('disconnect', end)
  peer.on('exit', end)
  return {
    ask: async (name, value) => {
      if (!peer.connected) throw ended()
      asked += 1
      const one = Promise.withResolvers<never>()
      waiting.set(asked, one)
      send({ kind: 'ask', id: asked, name, value })
      return one.promise
    },
    note: (name, value, socket) => {
      if (socket === undefined) {
        send({ kind: 'note', name, value })
        return
      }
      handed += 1
      going.set(handed, socket)
      send({ kind: 'note', name, value, hands: handed }, socket)
    },
  }
}

/** Only messages of our own are known to hold no secrets. */
export function portable(error: unknown): FailureNote {
  const known =
    error instanceof ResealError ? error : new ResealError('UNEXPECTED', 'The request could not be answered')
  return failureNote(known, 'UNEXPECTED')
}

function ended(): ResealError {
  return new ResealError('UNEXPECTED', 'The other process of the replay has ended')
}

/** Both ends are this program, started by itself: what comes is of the form that was sent. */
function parseMessage<In, InNotes>(received: unknown): Message<In, InNotes> {
  return received as Message<In, InNotes>
}
